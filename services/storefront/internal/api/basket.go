package api

import (
	"fmt"
	"math/bits"
	"net/mail"
	"strings"

	"github.com/danielgtaylor/huma/v2"

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
}

// NewLine is how many pieces of a product.
type NewLine struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" example:"85123A"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

// Address is where goods go.
type Address struct {
	Name     string `json:"name" minLength:"1" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Line1    string `json:"line1" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Line2    string `json:"line2,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	City     string `json:"city" minLength:"1" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Postcode string `json:"postcode" minLength:"1" maxLength:"20" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Country  string `json:"country" minLength:"2" maxLength:"2" example:"GB" doc:"ISO 3166-1 alpha-2"`
}

// maxQuantity is the most pieces of one product in an order.
const maxQuantity = 1_000_000

// maxTotal keeps amounts exact in clients that read numbers as doubles.
const maxTotal = 1<<53 - 1

// Resolve finds the faults that the schema cannot express.
func (o *NewOrder) Resolve(huma.Context, *huma.PathBuffer) []error {
	var faults []error
	refuse := func(location, detail string) {
		faults = append(faults, &huma.ErrorDetail{Message: detail, Location: location})
	}
	for _, f := range []struct{ place, text string }{
		{"name", o.ShipTo.Name}, {"line1", o.ShipTo.Line1}, {"city", o.ShipTo.City}, {"postcode", o.ShipTo.Postcode},
	} {
		if f.text != "" && strings.TrimSpace(f.text) == "" {
			refuse("body.ship_to."+f.place, "expected more than blanks")
		}
	}
	if len(o.ShipTo.Country) == 2 && !countries[o.ShipTo.Country] {
		refuse("body.ship_to.country", "expected a country code of ISO 3166-1 alpha-2, in capitals")
	}
	if parsed, err := mail.ParseAddress(o.Email); err == nil && len(o.Email) <= 254 && !deliverable(o.Email, parsed) {
		refuse("body.email", "expected a plain email address, as in ada@example.com")
	}
	sums := make(map[string]int64, len(o.Lines))
	for i, l := range o.Lines {
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			continue
		}
		if sums[l.SKU] += l.Quantity; sums[l.SKU] > maxQuantity && sums[l.SKU] != l.Quantity {
			refuse(fmt.Sprintf("body.lines[%d].quantity", i), fmt.Sprintf("expected at most %d pieces of a SKU in all lines together", maxQuantity))
		}
	}
	return faults
}

// deliverable tells an address from one with a display name, a comment or a host without a domain.
func deliverable(text string, parsed *mail.Address) bool {
	at := strings.LastIndexByte(text, '@')
	if parsed.Address != text || at < 1 || at > 64 {
		return false
	}
	domain := text[at+1:]
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") &&
		!strings.ContainsAny(text, " \t\r\n\"<>()[]")
}

func (o *NewOrder) skus() []string {
	skus := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// price is the basket at these prices, one line for each SKU in the order of their first lines, or every fault.
func (o *NewOrder) price(prices map[string]schemas.Money) (storefront.Basket, *httpserver.Problem) {
	var basket storefront.Basket
	var faults []httpserver.Fault
	at := make(map[string]int, len(o.Lines))
	for i, l := range o.Lines {
		price, ok := prices[l.SKU]
		if !ok {
			faults = append(faults, httpserver.Fault{Detail: "there is no such product", Location: fmt.Sprintf("body.lines[%d].sku", i)})
			continue
		}
		if basket.Total.Currency == "" {
			basket.Total.Currency = price.Currency
		}
		if price.Currency != basket.Total.Currency {
			faults = append(faults, httpserver.Fault{Detail: "this product is sold in another currency than the first", Location: fmt.Sprintf("body.lines[%d].sku", i)})
			continue
		}
		high, cost := bits.Mul64(uint64(l.Quantity), uint64(price.Amount))
		if high != 0 || cost > maxTotal || int64(cost) > maxTotal-basket.Total.Amount {
			faults = append(faults, httpserver.Fault{Detail: "the total is too large", Location: fmt.Sprintf("body.lines[%d]", i)})
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
