package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

func TestShadowRulesTellWhatTheyWouldHaveDecidedAndWhy(t *testing.T) {
	t.Parallel()
	stricter := strings.Replace(rules.DefaultText, `card.orders["10m"] > 5`, `card.orders["10m"] > 2`, 1) +
		"  - {name: new_customer, score: 100, when: 'customer.earlier == 0 && order.amount > 90_000'}\n"
	s, err := newShadow(stricter)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	var report service.Shadowed
	at := func(minute int, key string, e saga.Event) {
		e.Key, e.Time = key, start.Add(time.Duration(minute)*time.Minute)
		if j := s.Hear(e); j != nil {
			report.Add(*j)
		}
	}
	buy := func(minute int, id, street, token string, pence int64) {
		at(minute, id, order.Validated.Of(order.ValidatedV1{CustomerID: id, Email: "ada@shop.example", PaymentToken: token,
			Total: schemas.Money{Amount: pence, Currency: "GBP"}, ShipTo: schemas.Address{Line1: street, Country: "GB"}}))
		if strings.HasPrefix(token, "tok_card_") {
			at(minute, id, event.CardIdentified.Of(event.CardIdentifiedV1{Fingerprint: token}))
		}
		at(minute, id, event.Cleared.Of(event.ClearedV1{By: "rules"}))
	}
	for n := range 4 {
		buy(n, fmt.Sprint("o", n), fmt.Sprint("street ", n), "tok_card_ann", 100)
	}
	buy(30, "later", "street 9", "tok_card_ann", 100) // the window has slid
	buy(31, "dear", "street 10", "tok_ok", 95_000)
	at(40, "later", payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d"}))
	buy(41, "there", "STREET 9", "tok_ok", 100)
	buy(41+200*24*60, "forgotten", "STREET 9", "tok_ok", 100)
	var text strings.Builder
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"beside 8 decisions", "       4  cleared → cleared", "       3  cleared → in_review",
		"       1  cleared → rejected", "o2  2030-01-02T03:06:05Z  no rule → card_velocity", "no rule → new_customer",
		"there  2030-01-02T03:45:05Z  no rule → address_charged_back"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, text.String())
		}
	}
	if _, err := newShadow("name: x"); err == nil {
		t.Error("faulty rules are accepted")
	}
}

func TestShadowRulesKnowTheCardThatTheGatewayNamesInADispute(t *testing.T) {
	t.Parallel()
	s, err := newShadow(rules.DefaultText)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	hear := func(order string, e saga.Event) *service.Judged {
		e.Key, e.Time = order, at
		return s.Hear(e)
	}
	buy := func(id, token string) *service.Judged {
		hear(id, order.Validated.Of(order.ValidatedV1{CustomerID: id, Email: "ada@shop.example", PaymentToken: token,
			ShipTo: schemas.Address{Line1: id, Country: "GB"}}))
		if token != "tok_ok" {
			hear(id, event.CardIdentified.Of(event.CardIdentifiedV1{Fingerprint: "fp"}))
		}
		return hear(id, event.Cleared.Of(event.ClearedV1{By: "rules"}))
	}
	buy("unasked", "tok_ok")
	hear("unasked", payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d", Card: "fp"}))
	if j := buy("next", "tok_card_ann"); j == nil || j.Would != "in_review" || fmt.Sprint(j.WouldFor) != "[card_charged_back]" {
		t.Errorf("judged %+v", j)
	}
}
