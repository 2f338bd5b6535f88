package model

import (
	"errors"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// subject is the one whose machine is explored.
const subject = fraud.Customer + ":" + model.Customer

// The explored rules decide as those of the program do about the orders of scenes. They are functions: a model reads no files.
var (
	rules    = &fraud.Rules{Name: "explored", Version: "1", Review: 45, Reject: 100, Score: score}
	counting = &fraud.Rules{Name: "explored", Version: "2", Review: 45, Reject: 100, Score: score,
		Asks: map[string][]int64{fraud.Customer: {3600}}}

	known = []saga.Event{event.RulesActivated.Of(event.RulesActivatedV1{Name: "explored", Version: "0"}),
		event.Listed.Of(event.ListedV1{Entry: 1}), event.Delisted.Of(event.DelistedV1{Entry: 1})}
)

func machine(r *fraud.Rules) *saga.Machine {
	return fraud.Choreography(r, func(text string) (*fraud.Rules, error) {
		if text != "" {
			return nil, errors.New("no such rules")
		}
		return r, nil
	}).Machine()
}

func score(f fraud.Facts) (score int64, hits []string) {
	add := func(n int64, rule string, holds bool) {
		if holds {
			score, hits = score+n, append(hits, rule)
		}
	}
	add(100, "blocklist", f.Order.MailDomain == "fraud.example")
	add(45, "amount", f.Order.Amount > 1_000_000)
	for _, n := range f.Histories[fraud.Customer].Orders {
		add(45, "velocity", n > 1)
	}
	return min(score, 100), hits
}

// identify lists the gateway's possible answers about a card.
func identify(b gateway.Book, _ string, _ any) []explore.Outcome {
	return []explore.Outcome{{Does: "knows the card", State: b, Answer: fraud.CardAnswer{Fingerprint: "card"}},
		{Does: "knows no card", State: b, Answer: fraud.CardAnswer{}}}
}
