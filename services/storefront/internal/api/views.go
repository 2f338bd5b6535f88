package api

import (
	"time"

	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
)

// Money is an amount as clients read it.
type Money struct {
	Amount   int64  `json:"amount" doc:"Minor units: pence, cents"`
	Currency string `json:"currency" doc:"ISO 4217" example:"GBP"`
}

// Product is a product as clients read it.
type Product struct {
	SKU           string `json:"sku" example:"85123A"`
	Description   string `json:"description"`
	Price         Money  `json:"price" doc:"Per piece"`
	Available     int64  `json:"available" doc:"Pieces that can be ordered now"`
	Backorderable bool   `json:"backorderable" doc:"Whether more than that can be ordered"`
}

// Order is an order as its customer reads it.
type Order struct {
	ID                    string                `json:"id" format:"uuid"`
	Status                string                `json:"status" enum:"placed,in_review,backordered,confirmed,preparing,cancelling,shipped,delivered,completed,returned,rejected,cancelled" doc:"Never goes backward"`
	Reason                string                `json:"reason,omitempty" doc:"Why it was rejected or cancelled, as a stable word" example:"payment_declined"`
	PlacedAt              time.Time             `json:"placed_at"`
	Total                 Money                 `json:"total" doc:"Of the lines"`
	Lines                 []Line                `json:"lines" nullable:"false" doc:"What was confirmed; before that what was ordered"`
	Payment               Payment               `json:"payment"`
	Shipments             []storefront.Shipment `json:"shipments" nullable:"false"`
	Returns               []Return              `json:"returns" nullable:"false"`
	CancellationRequested bool                  `json:"cancellation_requested"`
	Timeline              []storefront.Entry    `json:"timeline" nullable:"false"`
	Next                  *storefront.Next      `json:"next,omitempty" doc:"What happens next, and who does it"`
}

// Line is a line of an order.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice Money  `json:"unit_price"`
}

// Payment is where the money of an order stands.
type Payment struct {
	State      string `json:"state" enum:"pending,authorized,captured,declined,voided,none" doc:"none: nothing was set aside, and nothing will be"`
	Authorized Money  `json:"authorized" doc:"What was set aside"`
	Captured   Money  `json:"captured" doc:"What was taken"`
	Refunded   Money  `json:"refunded" doc:"What was given back"`
}

// Return is goods on their way back.
type Return struct {
	ID             string       `json:"id" format:"uuid"`
	State          string       `json:"state" enum:"requested,authorized,refused,received"`
	Reason         string       `json:"reason"`
	Lines          []ReturnLine `json:"lines" nullable:"false"`
	Carrier        string       `json:"carrier,omitempty"`
	TrackingNumber string       `json:"tracking_number,omitempty" doc:"Of the label to send the goods with"`
}

// ReturnLine is a quantity of one product to be sent back.
type ReturnLine struct {
	SKU      string `json:"sku" text:"code" minLength:"1" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

func viewProduct(p storefront.Product) Product {
	return Product{SKU: p.SKU, Description: p.Description, Price: Money(p.Price), Available: p.Available, Backorderable: p.Backorderable}
}

func viewOrder(o storefront.Order) Order {
	basket := o.Basket()
	money := func(amount int64) Money { return Money{Amount: amount, Currency: basket.Total.Currency} }
	v := Order{
		ID: o.ID, Status: o.Status, Reason: o.Reason, PlacedAt: o.PlacedAt, Total: Money(basket.Total),
		Lines: make([]Line, len(basket.Lines)),
		Payment: Payment{State: o.Payment.State, Authorized: money(o.Payment.Authorized), Captured: money(o.Payment.Captured),
			Refunded: money(o.Refunded)},
		Shipments: append([]storefront.Shipment{}, o.Shipments...), Returns: make([]Return, len(o.Returns)),
		CancellationRequested: o.Cancelling, Timeline: append([]storefront.Entry{}, o.Timeline...), Next: o.Next,
	}
	for i, l := range basket.Lines {
		v.Lines[i] = Line{SKU: l.SKU, Quantity: l.Quantity, UnitPrice: money(l.UnitPrice)}
	}
	for i, r := range o.Returns {
		v.Returns[i] = viewReturn(r)
	}
	return v
}

func viewReturn(r storefront.Return) Return {
	v := Return{ID: r.ID, State: r.State, Reason: r.Reason, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber}
	for _, l := range r.Lines {
		v.Lines = append(v.Lines, ReturnLine(l))
	}
	return v
}

// one is a representation.
type one[T any] struct{ Body T }

// list is a page of a list.
type list[T any] struct {
	Body struct {
		Items      []T    `json:"items" nullable:"false"`
		NextCursor string `json:"next_cursor,omitempty" doc:"Ask with this cursor for what follows; absent at the end"`
	}
}

// page renders one more item than fits as the cursor to what follows.
func page[T, V any](items []T, limit int, view func(T) V, position func(T) string) *list[V] {
	out := &list[V]{}
	more := len(items) > limit
	if more {
		items = items[:limit]
		out.Body.NextCursor = httpserver.EncodeCursor(position(items[limit-1]))
	}
	out.Body.Items = make([]V, len(items))
	for i, item := range items {
		out.Body.Items[i] = view(item)
	}
	return out
}

// cursor reads the position that a page goes on after; empty is the beginning.
func cursor(text string) (position string, err error) {
	if text == "" {
		return "", nil
	}
	if err := httpserver.DecodeCursor(text, &position); err != nil {
		return "", httpserver.Invalid(httpserver.Fault{Detail: err.Error(), Location: "query.cursor"})
	}
	return position, nil
}
