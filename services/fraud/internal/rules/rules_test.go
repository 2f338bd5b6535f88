package rules

import (
	"slices"
	"strings"
	"testing"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
)

const head = "name: n\nreview: 40\nreject: 90\nlists:\n  bad: [x.example]\nrules:\n"

func TestAFaultyFileIsRefusedWithItsLineAndReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"type":     {head + `  - {name: a, score: 5, when: order.amount > "x"}`, "line 7: a: invalid operation: >"},
		"a number": {head + `  - {name: a, score: 5, when: order.amount}`, "line 7: a: expected bool, but got int64"},
		"unknown":  {head + `  - {name: a, score: 5, when: order.weight > 1}`, "line 7: a: type rules.order has no field weight"},
		"syntax":   {head + `  - {name: a, score: 5, when: order.amount >}`, "line 7: a: unexpected token"},
		"second line": {head + "  - name: a\n    score: 5\n    when: |\n      order.amount > 1 &&\n      order.wait\n",
			"line 11: a: "},
		"clock":        {head + `  - {name: a, score: 5, when: now().Hour() > 1}`, "line 7: a: unknown name now"},
		"no list":      {head + `  - {name: a, score: 5, when: order.country in lists.worse}`, "line 7: a: there is no list worse"},
		"no time":      {head + `  - {name: a, score: 5, when: 'card.orders["soon"] > 1'}`, `line 7: a: orders["soon"]: want a time`},
		"too long":     {head + `  - {name: a, score: 5, when: 'card.orders["721h"] > 1'}`, `line 7: a: orders["721h"]: want a time`},
		"every time":   {head + `  - {name: a, score: 5, when: len(card.orders) > 1}`, "line 7: a: orders needs a time"},
		"another name": {head + `  - {name: a, score: 5, when: "let c = customer; c.refunds > 1"}`, "a: customer: want one of its"},
		"one of two":   {head + `  - {name: a, score: 5, when: "any([card.listed, address], # == true)"}`, "a: address: want one"},
		"environment":  {head + `  - {name: a, score: 5, when: "$env.customer.refunds > 1"}`, "a: $env: want one of its"},
		"field":        {head + `  - {name: a, score: 5, when: "true", weight: 1}`, "line 7: unknown field weight"},
		"section":      {head + "  - {name: a, score: 5, when: 'true'}\nwindows: 1", "line 8: field windows not found"},
		"score":        {head + `  - {name: a, score: 500, when: "true"}`, "line 7: a: score: want 1 to 100, not 500"},
		"score's type": {head + `  - {name: a, score: much, when: "true"}`, "line 7: cannot unmarshal"},
		"twice": {head + "  - {name: a, score: 5, when: 'true'}\n  - {name: a, score: 5, when: 'true'}",
			"line 8: the rule a stands on line 7"},
		"no expression": {head + `  - {name: a, score: 5}`, "line 7: a: when: want an expression"},
		"no rules":      {"name: n\nreview: 40\nreject: 90", "rules: there is none"},
		"turned around": {strings.Replace(head, "90", "30", 1) + `  - {name: a, score: 5, when: "true"}`,
			"want 1 ≤ review ≤ reject ≤ 100"},
		"card's history": {"card: customer.refunds > 1\n" + head + `  - {name: a, score: 5, when: card.listed}`,
			"line 1: card: want order and lists alone"},
		"card":           {"card: order.amount\n" + head + `  - {name: a, score: 5, when: card.listed}`, "line 1: card: expected bool"},
		"no YAML":        {"{", "line 1"},
		"empty":          {"", "empty"},
		"two documents":  {head + "  - {name: a, score: 5, when: 'true'}\n---\nname: b", "more than one document"},
		"large":          {strings.Repeat("#", MaxSize+1), "at most"},
		"several faults": {head + "  - {name: a, score: 5, when: x}\n  - {name: b, score: 5, when: y}", "line 8: b: unknown name y"},
	} {
		if r, err := Read(c.text); err == nil || r != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}

func TestRulesAskOnlyForWhatTheyUse(t *testing.T) {
	t.Parallel()
	r, err := Read(head + `
  - {name: a, score: 5, when: 'customer.orders["1h"] > 2 || customer.orders["24h"] > 9'}
  - {name: b, score: 5, when: address.listed || mail_domain.listed && mail_domain.refunds > 1}
  - {name: c, score: 5, when: card.listed}`)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Asks["customer"], []int64{3600, 86400}) || len(r.Asks) != 3 || r.Asks["card"] != nil ||
		!slices.Equal(r.Listed, []string{"address"}) {
		t.Errorf("asks for %v, and whether %v are listed", r.Asks, r.Listed)
	}
	if len(Default.Asks) != 1 || !slices.Equal(Default.Asks["card"], []int64{600}) ||
		!slices.Equal(Default.Listed, []string{"address"}) {
		t.Errorf("by default asks for %v, and whether %v are listed", Default.Asks, Default.Listed)
	}
	for token, asks := range map[string]bool{"tok_card_ann": true, "pm_1": true, "tok_ok": false} {
		if Default.AsksCard(fraud.Facts{Order: event.FactsV1{Token: token}}) != asks {
			t.Errorf("of %s the card is asked for: %v", token, !asks)
		}
	}
}

func TestTheVersionIsThatOfTheText(t *testing.T) {
	t.Parallel()
	a, _ := Read(head + `  - {name: a, score: 5, when: order.amount > 1}`)
	b, _ := Read(head + `  - {name: a, score: 5, when: order.amount > 2}`)
	same, _ := Cached(head + `  - {name: a, score: 5, when: order.amount > 1}`)
	if a.Version == b.Version || a.Version != same.Version || a.Set() != "n@"+a.Version || len(a.Version) != 12 {
		t.Errorf("versions are %s, %s, %s", a.Version, b.Version, same.Version)
	}
}

func TestHistoriesReachTheRules(t *testing.T) {
	t.Parallel()
	r, err := Read(head + `
  - {name: orders, score: 10, when: 'customer.orders["1h"] == 3 && customer.orders["24h"] == 7 && card.orders["1h"] == 0'}
  - {name: history, score: 10, when: customer.known && customer.earlier == 6 && customer.refunds == 2 &&
      customer.chargebacks == 1}
  - {name: listed, score: 10, when: customer.listed && address.listed && !mail_domain.listed}
  - {name: unknown, score: 10, when: '!card.known && card.country == "FR"'}`)
	if err != nil {
		t.Fatal(err)
	}
	score, hits := r.Score(fraud.Facts{Order: event.FactsV1{Listed: []string{"address"}}, CardCountry: "FR",
		Histories: map[string]event.HistoryV1{"customer": {Windows: []int64{3600, 86400}, Orders: []int64{3, 7}, Earlier: 6, Refunds: 2,
			Chargebacks: 1, Listed: true}}})
	if score != 40 || !slices.Equal(hits, []string{"orders", "history", "listed", "unknown"}) {
		t.Errorf("%d for %v", score, hits)
	}
}
