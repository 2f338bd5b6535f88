package api

import (
	"fmt"
	"math/bits"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
)

// NewOrder is what a customer orders.
type NewOrder struct {
	Lines        []NewLine `json:"lines" minItems:"1" maxItems:"200" nullable:"false" doc:"Lines with the same SKU become one"`
	ShipTo       Address   `json:"ship_to"`
	Email        string    `json:"email" format:"email" maxLength:"254" example:"ada@example.com"`
	PaymentToken string    `json:"payment_token" pattern:"^tok_[a-z0-9_]{1,64}$" patternDescription:"a token of the payment gateway" example:"tok_ok" doc:"The payment gateway's token for the card. Never send a card number"`
	FillPolicy   string    `json:"fill_policy,omitempty" enum:"fill_all,fill_or_kill,fill_available" default:"fill_all" doc:"What to do when goods are missing: wait for them, give up the order, or send what is there"`

	faults []httpserver.Fault // found by decoding
}

// Keep keeps the faults, to be answered together with those of the products.
func (o *NewOrder) Keep(faults []httpserver.Fault) { o.faults = faults }

// NewLine is a quantity of a product.
type NewLine struct {
	SKU      string `json:"sku" text:"code" minLength:"1" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" example:"85123A"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

// Address is where goods go.
type Address struct {
	Name     string `json:"name" minLength:"1" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Line1    string `json:"line1" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Line2    string `json:"line2,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	City     string `json:"city" minLength:"1" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Postcode string `json:"postcode" minLength:"1" maxLength:"20" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"a country code of ISO 3166-1 alpha-2, in capitals" minLength:"2" maxLength:"2" example:"GB" doc:"ISO 3166-1 alpha-2"`
}

// Check finds the faults that tags cannot express.
func (o *NewOrder) Check() (faults []httpserver.Fault) {
	switch country := o.ShipTo.Country; {
	case country == "": // it is missing
	case !schemas.KnownCountry(country):
		faults = append(faults, httpserver.Fault{Location: "body.ship_to.country",
			Detail: "want a country code of ISO 3166-1 alpha-2, in capitals"})
	case !schemas.DeliveredTo(country):
		faults = append(faults, httpserver.Fault{Location: "body.ship_to.country", Detail: "no carrier delivers to this country"})
	}
	sums := make(map[string]int64, len(o.Lines))
	for i, l := range o.Lines {
		if !orderable(l.Quantity) {
			continue
		}
		if sums[l.SKU] += l.Quantity; sums[l.SKU] > schemas.MaxQuantity && sums[l.SKU] != l.Quantity {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.lines[%d].quantity", i),
				Detail: fmt.Sprintf("want at most %d pieces of a SKU in all lines together", schemas.MaxQuantity)})
		}
	}
	return faults
}

func orderable(quantity int64) bool { return quantity >= 1 && quantity <= schemas.MaxQuantity }

func (o *NewOrder) skus() []string {
	skus := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// price returns the basket at these prices, one line for each SKU in the order of their first lines, or every fault.
func (o *NewOrder) price(terms map[string]storefront.Terms) (storefront.Basket, *httpserver.Problem) {
	var basket storefront.Basket
	faults := o.faults
	refuse := func(location, detail string) {
		faults = httpserver.AddFaults(faults, httpserver.Fault{Detail: detail, Location: location})
	}
	at := make(map[string]int, len(o.Lines))
	for i, l := range o.Lines {
		product, ok := terms[l.SKU]
		if !ok {
			refuse(fmt.Sprintf("body.lines[%d].sku", i), "there is no such product")
			continue
		}
		if product.Withdrawn {
			refuse(fmt.Sprintf("body.lines[%d].sku", i), "this product was withdrawn from sale")
			continue
		}
		price := product.Price
		if basket.Total.Currency == "" {
			basket.Total.Currency = price.Currency
		}
		if price.Currency != basket.Total.Currency {
			refuse(fmt.Sprintf("body.lines[%d].sku", i), "this product is sold in another currency than the first")
			continue
		}
		if !orderable(l.Quantity) {
			continue
		}
		high, cost := bits.Mul64(uint64(l.Quantity), uint64(price.Amount))
		if high != 0 || cost > schemas.MaxTotal || int64(cost) > schemas.MaxTotal-basket.Total.Amount {
			refuse(fmt.Sprintf("body.lines[%d]", i),
				fmt.Sprintf("the total is too large: an order may come to %d minor units", schemas.MaxTotal))
			continue
		}
		basket.Total.Amount += int64(cost)
		if first, ok := at[l.SKU]; ok {
			basket.Lines[first].Quantity += l.Quantity
			continue
		}
		at[l.SKU] = len(basket.Lines)
		basket.Lines = append(basket.Lines, schemas.Line{SKU: l.SKU, Quantity: l.Quantity, UnitPrice: price.Amount})
	}
	if faults != nil {
		return storefront.Basket{}, httpserver.Invalid(faults...)
	}
	if basket.Total.Amount == 0 {
		return storefront.Basket{}, httpserver.Invalid(httpserver.Fault{Detail: "there is nothing to pay", Location: "body.lines"})
	}
	return basket, nil
}

// backorder is what the order may wait for, and until when; nil if nothing.
func (o *NewOrder) backorder(basket storefront.Basket, terms map[string]storefront.Terms,
	within time.Duration) *schemas.Backorder {
	if o.FillPolicy != "fill_all" || within == 0 {
		return nil
	}
	var skus []string
	for _, l := range basket.Lines {
		if terms[l.SKU].Backorderable {
			skus = append(skus, l.SKU)
		}
	}
	if skus == nil {
		return nil
	}
	return &schemas.Backorder{SKUs: skus, Until: time.Now().Add(within).UTC().Format(time.RFC3339)}
}
