package refund

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// GrantRefund is an operator's command about an order.
var GrantRefund = saga.Command[Grant]("grant_refund")

// Grant is what an operator gives back to a customer: the price of lines, shipping costs, or a sum of goodwill.
type Grant struct {
	ID                 string // of the request
	ShipmentID         string // the parcel it is for, of several; "" for the first that it fits
	Lines              []GrantLine
	Shipping, Goodwill int64 // minor units
	Note               string
	Operator           string
	Request            *schemas.Request
}

// GrantLine is a quantity of a product.
type GrantLine struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"64"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

// Refusal is why no refund can be granted now, whatever it is for.
type Refusal string

const (
	NotCaptured Refusal = "not-captured" // a cancelled order's authorisation is voided
	InDispute   Refusal = "dispute-open"
	NothingLeft Refusal = "nothing-left"

	// The order leaves in several parcels, each with a capture of its own:
	UnknownShipment Refusal = "unknown-shipment" // nothing was captured for this one
	NeedsShipment   Refusal = "needs-shipment"   // it fits into what is left of no single one
)

// Refuses tells whether nothing can be granted now; "" if something can.
func (r Refund) Refuses() Refusal {
	switch {
	case !r.Taken:
		return NotCaptured
	case r.IsDisputed():
		return InDispute
	case r.Left() == 0:
		return NothingLeft
	}
	return ""
}

// RefusesGrant tells why this cannot be granted, beside what Refuses tells; "" if it is for too much, or for goods that the order
// has not.
func (r Refund) RefusesGrant(g Grant) Refusal {
	switch {
	case g.ShipmentID != "" && !r.isTaken(g.ShipmentID):
		return UnknownShipment
	case g.ShipmentID == "" && len(r.Captures) > 1 && g.Shipping+g.Goodwill <= r.Left():
		return NeedsShipment
	}
	return ""
}

// grant decides about an operator's refund; it emits nothing if it is refused, granted before, for more than is left, or for
// goods that the order has not or that are refunded.
func grant(r Refund, g Grant, sold *inventory.ReservedV1) []saga.Event {
	if r.Grant(g.ID) != nil || r.Refuses() != "" {
		return nil
	}
	if len(g.Lines) > 0 && len(r.Captures) == 0 && r.Sold == nil {
		if sold == nil {
			return nil
		}
		r.Sold = sold.Lines
	}
	for _, t := range r.captures() {
		if g.ShipmentID != "" && g.ShipmentID != t.ShipmentID {
			continue
		}
		if d, fits := r.grantOf(t, g); fits {
			return []saga.Event{event.Granted.Of(d)}
		}
	}
	return nil
}

// grantOf is what is granted out of one capture; false if it has not the goods, or not as much left.
func (r Refund) grantOf(t Capture, g Grant) (d event.GrantedV1, fits bool) {
	d = event.GrantedV1{GrantID: g.ID, ShipmentID: t.ShipmentID, Shipping: g.Shipping, Goodwill: g.Goodwill, Note: g.Note,
		Operator: g.Operator, Request: g.Request}
	sum := g.Shipping + g.Goodwill
	if len(g.Lines) > 0 {
		d.Sold = r.Sold
	}
	for _, l := range g.Lines {
		if l.Quantity > pieces(t.Lines, l.SKU)-r.refunded(l.SKU, t, Claim{}) {
			return d, false
		}
		d.Lines = append(d.Lines, r.take(l, t)...)
	}
	for _, l := range d.Lines {
		sum += l.Quantity * l.UnitPrice
	}
	d.Amount = r.money(sum)
	return d, sum > 0 && sum <= r.LeftOf(t)
}

// take picks the pieces of a line from the goods captured for, without those that were refunded.
func (r Refund) take(l GrantLine, t Capture) (taken []schemas.Allocation) {
	skip := r.refunded(l.SKU, t, Claim{})
	for _, s := range t.Lines {
		if s.SKU != l.SKU {
			continue
		}
		passed := min(skip, s.Quantity)
		skip -= passed
		if n := min(l.Quantity, s.Quantity-passed); n > 0 {
			s.Quantity = n
			l.Quantity -= n
			taken = append(taken, s)
		}
	}
	return taken
}

// execute asks the gateway for what was granted.
func execute(r Refund, e event.GrantedV1) []saga.Event {
	c := r.Grant(e.GrantID)
	if c == nil || c.Status != Noted {
		return nil
	}
	return []saga.Event{r.request(*c, r.due(*c))}
}

// refunded counts the pieces of a product, of one capture, for which money was or will be given back, but for those of one claim.
func (r Refund) refunded(sku string, t Capture, but Claim) (n int64) {
	for i, c := range r.Claims {
		of, known := r.about(c)
		if known && of.ShipmentID == t.ShipmentID && (c.Reason == byOperator || c.Reason == byReturn) && r.claim(but) != i {
			n += pieces(c.Lines, sku)
		}
	}
	return n
}

func pieces(lines []schemas.Allocation, sku string) (n int64) {
	for _, l := range lines {
		if l.SKU == sku {
			n += l.Quantity
		}
	}
	return n
}

// Granted is how much more operators grant than the goods that came back are worth, in minor units; goods that they refunded
// are not refunded twice.
func (r Refund) Granted() (sum int64) {
	if !slices.ContainsFunc(r.Claims, func(c Claim) bool { return c.Reason == byOperator }) {
		return 0
	}
	for _, c := range r.Claims {
		switch c.Reason {
		case byOperator:
			sum += c.Amount
		case byReturn:
			sum += c.Amount
			for _, l := range c.Lines {
				sum -= l.Quantity * l.UnitPrice
			}
		}
	}
	return sum
}
