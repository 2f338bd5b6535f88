package fraud

import (
	"strings"
	"time"

	"orderflow.example/schemas/order"
)

// Rules is the configuration of the rules; the zero value is the default.
type Rules struct{ Velocity Velocity }

// Velocity is how many orders of one customer, within a time, are normal: more add to the score. With 0 orders nothing is
// counted, at no cost for an order.
type Velocity struct {
	Orders int64 // at most MostOrders
	Within time.Duration
}

// The rule about velocity, and the name that an operator reads if it could not be applied in time. By itself it leads to a
// review; with a large amount and a throwaway address it rejects.
const (
	velocityRule  = "velocity"
	velocityScore = 45
	notCounted    = "velocity_unknown"
)

// The scores from which an order goes to review, or is rejected. The rules on the order alone cannot reject together, except
// for the block list.
const (
	reviewFrom = 45
	rejectFrom = 100
)

// The limits above which a rule holds.
const (
	reviewAmount = 1_000_000 // minor units: 10,000.00 where a unit has a hundred
	bulkQuantity = 10_000    // pieces of one product
)

// rule adds its score to an order if it holds.
type rule struct {
	name  string
	score int64
	holds func(order.ValidatedV1) bool
}

var rules = []rule{
	{"blocklist", 100, func(o order.ValidatedV1) bool { return blocked[mailDomain(o.Email)] }},
	{"amount", 45, func(o order.ValidatedV1) bool { return o.Total.Amount > reviewAmount }},
	{"throwaway_mail", 25, func(o order.ValidatedV1) bool { return throwaway[mailDomain(o.Email)] }},
	{"bulk", 20, bulk},
}

// blocked are mail domains whose orders are rejected.
var blocked = map[string]bool{"fraud.example": true}

// throwaway are mail domains of addresses that last for minutes.
var throwaway = map[string]bool{
	"10minutemail.com": true, "dispostable.com": true, "guerrillamail.com": true, "mailinator.com": true,
	"sharklasers.com": true, "temp-mail.org": true, "trashmail.com": true, "yopmail.com": true,
}

func bulk(o order.ValidatedV1) bool {
	for _, l := range o.Lines {
		if l.Quantity > bulkQuantity {
			return true
		}
	}
	return false
}

// scored is the sum of the rules that hold, at most 100, and their names.
func scored(o order.ValidatedV1) (score int64, hits []string) {
	for _, r := range rules {
		if r.holds(o) {
			score += r.score
			hits = append(hits, r.name)
		}
	}
	return min(score, 100), hits
}

// mailDomain is the text after the last @, normalised for comparison.
func mailDomain(email string) string {
	domain := email[strings.LastIndexByte(email, '@')+1:]
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
}
