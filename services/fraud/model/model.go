// Package model declares the fraud service's part in exploration, audit and demo.
package model

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	orders "orderflow.example/schemas/order"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the fraud service's part in an order: about the order, and about its customer.
var Service = model.Service{
	Watched: watched,
	Machines: []explore.Machine{
		{Machine: machine(rules), Before: before, Known: known},
		{Machine: fraud.Subjects.Machine(), Key: subject, Before: beforeSubject},
	},
	Left:    []string{"fraud (rule_set)"},
	Outside: []explore.Outside{gateway.Outside(identify, fraud.IdentifyCard.Name())},
	Variants: []model.Variant{{
		Machine: machine(counting),
		Scenes:  countingScenes(),
	}},
	Harmless: map[string]string{
		"on fraud.card_identified.v1": "an order whose card is not known is decided at once, not reviewed when its time is up",
		"on refund.issued.v1":         "it is about later orders: their rules may ask what came of this one",
	},
	Unexplored: map[string]string{
		event.CardRequested.Name():  noCard,
		event.CardIdentified.Name(): noCard,
		event.FactNoted.Name():      "the explored rules ask for one history, which decides at once",
	},
	Start: func(s model.Scene) map[string]any {
		if s.Customer != "often" {
			return nil
		}
		earlier := fraud.Seen{Order: "order-0", At: time.Unix(0, 0)}
		return map[string]any{"fraud (subject)": fraud.Subject{Key: subject, Orders: 1, Seen: []fraud.Seen{earlier}}}
	},
	Told: func(s model.Scene) []explore.Told {
		if s.Operator == "" {
			return nil
		}
		decision := fraud.Decision{Approve: s.Operator == "approves", By: "op"}
		return []explore.Told{{Who: "the operator " + s.Operator, Event: fraud.DecideReview.Of(decision)}}
	},
	End: trust,
}

const noCard = "the explored rules ask for no card; the tests of fraud try those that do"

// countingScenes are those of a shop in which the customer's second order is one too many. They are few: the other scenes
// cover what follows from the decision.
func countingScenes() (list []model.Scene) {
	for _, who := range [][2]string{{"trusted", ""}, {"often", ""}, {"often", "approves"}, {"often", "refuses"}} {
		for _, cancels := range []bool{false, true} {
			list = append(list, model.Scene{Stock: "enough", Fill: "fill_all", Customer: who[0],
				Operator: who[1], Cancels: cancels, Counts: true})
		}
	}
	return list
}

func before(state any) []explore.Before {
	c, b := state.(fraud.Case), model.Before{}
	b.Never(c.Status != fraud.Unknown, event.FactsRequested, event.CardRequested)
	b.Never(c.Status != fraud.Unknown && c.Status != fraud.Gathering, event.ReviewRequested)
	b.Never(c.Status != fraud.Unknown && c.Status != fraud.Gathering && c.Status != fraud.InReview, event.Cleared, event.Rejected)
	b.Until(c.Status == fraud.Unknown, orders.Validated, event.Cleared, event.Rejected)
	if c.Status == fraud.Gathering { // if the count does not come in time, an operator is asked
		b = append(b, explore.Before{Says: event.Cleared, Hears: []saga.Kind{event.VelocityMeasured, fraud.DecideReview}})
	}
	b.Until(c.Status == fraud.InReview, fraud.DecideReview, event.Cleared)
	return b
}

func beforeSubject(state any) []explore.Before {
	counted := slices.ContainsFunc(state.(fraud.Subject).Seen, func(s fraud.Seen) bool { return s.Order == model.Order })
	b := model.Before{}
	b.Never(counted, event.OrderCounted, event.VelocityMeasured)
	b.Until(!counted, event.OrderSeen, event.OrderCounted, event.VelocityMeasured)
	return b
}

// trust checks that only a person clears another order of a customer who has placed one too many.
func trust(v model.Ending) string {
	seen, c := v.State("fraud (subject)").(fraud.Subject).Seen, v.State("fraud").(fraud.Case)
	if len(seen) > 1 && c.Status == fraud.Cleared && c.Operator == "" {
		return "it was cleared by the rules, and is one order too many"
	}
	return ""
}
