package api

import (
	"time"

	event "orderflow.example/schemas/storefront"
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
	Withdrawn     bool   `json:"withdrawn,omitempty" doc:"From sale: it cannot be ordered any more"`
}

// Order is an order as its customer reads it.
type Order struct {
	ID                    string             `json:"id" format:"uuid"`
	Status                string             `json:"status" enum:"placed,in_review,backordered,confirmed,preparing,cancelling,shipped,delivered,completed,returned,rejected,cancelled" doc:"Never goes backward"`
	Reason                string             `json:"reason,omitempty" doc:"Why it was rejected or cancelled, as a stable word" example:"payment_declined"`
	PlacedAt              time.Time          `json:"placed_at"`
	Total                 Money              `json:"total" doc:"Of the lines"`
	Lines                 []Line             `json:"lines" nullable:"false" doc:"What was confirmed, without what was missing in the warehouse; before that what was ordered"`
	ShipTo                Address            `json:"ship_to"`
	FillPolicy            string             `json:"fill_policy" enum:"fill_all,fill_or_kill,fill_available" doc:"What is done where not all goods are there"`
	Payment               Payment            `json:"payment"`
	Refunds               []Refund           `json:"refunds" nullable:"false" doc:"In the order in which they were given back"`
	Shipments             []Shipment         `json:"shipments" nullable:"false" doc:"Several where the goods come from several warehouses: one from each"`
	Returns               []Return           `json:"returns" nullable:"false"`
	Invoice               *Invoice           `json:"invoice,omitempty" doc:"Once the payment is captured; the first, where there are several"`
	Invoices              []Invoice          `json:"invoices,omitempty" doc:"One for each parcel that is paid, in the order in which they were issued"`
	CreditNotes           []CreditNote       `json:"credit_notes" nullable:"false" doc:"In the order in which they were issued"`
	CancellationRequested bool               `json:"cancellation_requested"`
	Timeline              []storefront.Entry `json:"timeline" nullable:"false"`
	Next                  *storefront.Next   `json:"next,omitempty" doc:"What happens next, and who does it"`
}

// Invoice is an invoice of an order; get-numbered-invoice reads it.
type Invoice struct {
	Number     string `json:"number" example:"INV-2026-000042"`
	ShipmentID string `json:"shipment_id,omitempty" doc:"The parcel it is for, where the order leaves in several"`
}

// CreditNote is the document about a refund; get-credit-note reads it.
type CreditNote struct {
	Number   string `json:"number" example:"CN-2026-000007"`
	RefundID string `json:"refund_id" doc:"The refund it is about"`

	ShipmentID string `json:"shipment_id,omitempty" doc:"The parcel it is for, where the order leaves in several"`
}

// Line is a line of an order.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity" doc:"What is sent; 0 where nothing of it was there"`
	Ordered   int64  `json:"ordered"`
	Unfilled  int64  `json:"unfilled" doc:"What was ordered and is not sent; 0 until the order is confirmed"`
	UnitPrice Money  `json:"unit_price"`
}

// Shipment is one parcel of an order.
type Shipment struct {
	ID             string       `json:"id"`
	Carrier        string       `json:"carrier"`
	TrackingNumber string       `json:"tracking_number"`
	State          string       `json:"state" enum:"prepared,dispatched,delivered,lost,withdrawn" doc:"withdrawn: it does not leave"`
	Parcel         *Parcel      `json:"parcel,omitempty" doc:"Which one it is; absent where the order leaves in one"`
	Lines          []ReturnLine `json:"lines,omitempty" doc:"What is in it; absent where that is all of the order"`
}

// Parcel is which of the order's parcels a shipment is.
type Parcel struct {
	Number int64 `json:"number" minimum:"1" example:"2"`
	Of     int64 `json:"of" minimum:"2" example:"3"`
}

// Refund is money that was given back.
type Refund struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Amount   Money     `json:"amount"`
	Reason   string    `json:"reason" enum:"cancelled,lost,returned"`
	ReturnID string    `json:"return_id,omitempty" doc:"The return it is for"`

	ShipmentID string `json:"shipment_id,omitempty" doc:"The parcel it is for, where the order leaves in several"`
}

// Payment is the state of an order's payment.
type Payment struct {
	State      string `json:"state" enum:"pending,authorized,captured,declined,voided,none" doc:"none: nothing was set aside, and nothing will be"`
	Authorized Money  `json:"authorized" doc:"What was set aside"`
	Captured   Money  `json:"captured" doc:"What was taken, for all parcels together"`
	Refunded   Money  `json:"refunded" doc:"What was given back"`

	ChargedBack Money `json:"charged_back" doc:"What the customer's bank took back in a dispute that the shop did not win"`
}

// Return is goods on their way back.
type Return struct {
	ID             string       `json:"id" format:"uuid"`
	State          string       `json:"state" enum:"requested,authorized,refused,received"`
	Reason         string       `json:"reason" doc:"As the customer gave it"`
	Refusal        string       `json:"refusal,omitempty" doc:"Why it was refused, as a stable word" example:"not_received"`
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
	if p.Withdrawn {
		p.Available, p.Backorderable = 0, false
	}
	return Product{SKU: p.SKU, Description: p.Description, Price: Money(p.Price), Available: p.Available,
		Backorderable: p.Backorderable, Withdrawn: p.Withdrawn}
}

func viewOrder(o storefront.Order) Order {
	basket := o.Basket()
	money := func(amount int64) Money { return Money{Amount: amount, Currency: basket.Total.Currency} }
	v := Order{
		ID: o.ID, Status: o.Status, Reason: o.Reason, PlacedAt: o.PlacedAt, Total: Money(basket.Total),
		Lines: viewLines(o), ShipTo: Address(o.ShipTo), FillPolicy: o.FillPolicy, Refunds: make([]Refund, len(o.Refunds)),
		Payment: Payment{State: o.Payment.State, Authorized: money(o.Payment.Authorized), Captured: money(o.Payment.Captured),
			Refunded: money(o.Refunded), ChargedBack: money(o.Payment.ChargedBack)},
		Shipments: make([]Shipment, len(o.Shipments)), Returns: make([]Return, len(o.Returns)),
		CreditNotes:           make([]CreditNote, len(o.CreditNotes)),
		CancellationRequested: o.Cancelling, Timeline: append([]storefront.Entry{}, o.Timeline...), Next: o.Next,
	}
	for _, d := range o.Invoices {
		v.Invoices = append(v.Invoices, Invoice(d))
	}
	if len(v.Invoices) > 0 {
		v.Invoice = &v.Invoices[0]
	}
	for i, s := range o.Shipments {
		v.Shipments[i] = Shipment{ID: s.ID, Carrier: s.Carrier, TrackingNumber: s.TrackingNumber, State: s.State,
			Parcel: (*Parcel)(s.Parcel), Lines: viewPieces(s.Lines)}
	}
	for i, n := range o.CreditNotes {
		v.CreditNotes[i] = CreditNote(n)
	}
	for i, r := range o.Refunds {
		v.Refunds[i] = Refund{ID: r.ID, At: r.At, Amount: money(r.Amount), Reason: r.Reason, ReturnID: r.ReturnID,
			ShipmentID: r.ShipmentID}
	}
	for i, r := range o.Returns {
		v.Returns[i] = viewReturn(r)
	}
	return v
}

// viewLines are the lines as ordered; from the confirmation on, one for each product.
func viewLines(o storefront.Order) []Line {
	lines, at := []Line{}, map[string]int{}
	for _, l := range o.Placed.Lines {
		price := Money{Amount: l.UnitPrice, Currency: o.Placed.Total.Currency}
		if len(o.Agreed.Lines) == 0 {
			lines = append(lines, Line{SKU: l.SKU, Quantity: l.Quantity, Ordered: l.Quantity, UnitPrice: price})
			continue
		}
		i, known := at[l.SKU]
		if !known {
			i, at[l.SKU] = len(lines), len(lines)
			lines = append(lines, Line{SKU: l.SKU, UnitPrice: price})
		}
		lines[i].Ordered += l.Quantity
	}
	for _, l := range o.Agreed.Lines {
		lines[at[l.SKU]].Quantity += l.Quantity
	}
	for i := range lines {
		lines[i].Unfilled = lines[i].Ordered - lines[i].Quantity
	}
	return lines
}

func viewReturn(r storefront.Return) Return {
	return Return{ID: r.ID, State: r.State, Reason: r.Reason, Refusal: r.Refusal, Carrier: r.Carrier,
		TrackingNumber: r.TrackingNumber, Lines: viewPieces(r.Lines)}
}

func viewPieces(lines []event.ReturnLine) (pieces []ReturnLine) {
	for _, l := range lines {
		pieces = append(pieces, ReturnLine(l))
	}
	return pieces
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

// page renders items. One more than the limit becomes the cursor to the next page.
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

// cursor decodes the position after which a page begins; empty is the beginning.
func cursor(text string) (position string, err error) {
	if text == "" {
		return "", nil
	}
	if err := httpserver.DecodeCursor(text, &position); err != nil {
		return "", httpserver.Invalid(httpserver.Fault{Detail: err.Error(), Location: "query.cursor"})
	}
	return position, nil
}
