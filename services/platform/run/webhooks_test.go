package run_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	payment "orderflow.example/services/payment/app"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

var forged = flag.Int("forged", 600, "webhooks that are forged or replayed")

// webhook is a notification of the gateway about an order.
type webhook struct {
	ID   string         `json:"id"`
	Type string         `json:"type"`
	Data map[string]any `json:"data"`
}

// sign signs a body with the installation's secret.
// sign is the header with which the outside party of this service sends the body.
func (r running) sign(t *testing.T, to service.App, body string, at time.Time) string {
	t.Helper()
	secret, err := r.Config.SharedSecret(to.Webhooks.Secret(r.Config))
	if err != nil {
		t.Fatal(err)
	}
	return httpserver.SignatureHeader + ": " + httpserver.Sign(secret, []byte(body), at)
}

func (r running) notify(t *testing.T, w webhook) (answer trial.Answer, outcome, reason string) {
	t.Helper()
	body, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	a, err := trial.Caller{URL: r.StorefrontURL}.Send("POST", payment.App.Webhooks.Path, string(body),
		r.sign(t, payment.App, string(body), time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	said := trial.Read[struct{ Outcome, Reason string }](t, a)
	return a, said.Outcome, said.Reason
}

// bought is a completed order, and the gateway's reference of its payment. Its address is its own: after a chargeback later
// orders to the same address are reviewed.
func (r running) bought(t *testing.T, token string) (b *trial.Buyer, sku, reference string) {
	t.Helper()
	sku = fresh("webhooks")
	r.site.Sell(t, sku, price, received)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2})
	basket.PaymentToken, basket.ShipTo.Line1 = token, sku
	b = r.site.Buy(t, basket)
	b.Await(t, "completed")
	book := r.site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+b.ID, nil)
	return b, sku, trial.Read[struct{ Items []struct{ Reference string } }](t, book).Items[0].Reference
}

func TestADisputeIsChargedBackAndWonOrLost(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, _, _ := r.bought(t, "tok_card_chargeback_ada")
	trial.Await(t, "the end of the dispute of "+b.ID, func() (bool, string) {
		book := r.site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+b.ID, nil)
		ended := strings.Contains(book.Body, "chargeback_reversed") || strings.Contains(book.Body, "dispute_lost")
		return ended, book.Body
	})
	trial.Await(t, "the customer sees what the book has of "+b.ID, func() (bool, string) {
		o, book := b.Order(t), r.site.Book(t, b.ID)
		return o.Payment.ChargedBack.Amount == book.ChargedBack, fmt.Sprintf("%+v, the book %+v", o.Payment, book)
	})
}

func TestAWebhookThatDoesNotFitIsKeptAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, _, reference := r.bought(t, "tok_ok")
	before := b.Order(t)
	dispute := func(change func(w *webhook)) webhook {
		w := webhook{ID: fresh("evt"), Type: "dispute_opened", Data: map[string]any{"order": b.ID, "reference": reference,
			"amount": total, "currency": "GBP", "dispute": "dp_1", "reason": "fraudulent"}}
		change(&w)
		return w
	}
	set := func(field string, value any) func(*webhook) { return func(w *webhook) { w.Data[field] = value } }
	for reason, change := range map[string]func(*webhook){
		"unknown_type":    func(w *webhook) { w.Type = "customer.updated" },
		"unknown_order":   set("order", fresh("no such order")),
		"other_reference": set("reference", "au_0"),
		"other_currency":  set("currency", "EUR"),
		"other_amount":    set("amount", total+1),
	} {
		w := dispute(change)
		if a, outcome, why := r.notify(t, w); a.Status != 200 || outcome != "ignored" || why != reason {
			t.Errorf("%s: %d %s", reason, a.Status, a.Body)
		}
		if a, outcome, _ := r.notify(t, w); a.Status != 200 || outcome != "repeat" {
			t.Errorf("%s, again: %d %s", reason, a.Status, a.Body)
		}
	}
	if after := b.Order(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the order was %+v, is %+v", before, after)
	}
	good := dispute(func(*webhook) {})
	if _, outcome, _ := r.notify(t, good); outcome != "recorded" {
		t.Errorf("a dispute that fits is %s", outcome)
	}
	good.Data["amount"] = 1
	if a, _, _ := r.notify(t, good); a.Status != 409 {
		t.Errorf("another body under the same id: %d %s", a.Status, a.Body)
	}
	// The bank's decision: the book of the simulated gateway knows of no dispute, so that money must be where it was.
	if _, outcome, _ := r.notify(t, dispute(func(w *webhook) { w.Type = "dispute_won" })); outcome != "recorded" {
		t.Errorf("the end of the dispute is %s", outcome)
	}
	trial.Await(t, "the money of "+b.ID+" back", func() (bool, string) {
		o := b.Order(t)
		return o.Payment.ChargedBack.Amount == 0 && len(o.Timeline) > len(before.Timeline), fmt.Sprintf("%+v", o)
	})
}

// The mutations that a forger can try are tried by the thousand on the check itself, in shared/httpserver.
func TestNoForgedWebhookIsTaken(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, _, reference := r.bought(t, "tok_ok")
	genuine := webhook{ID: fresh("evt"), Type: "captured", Data: map[string]any{"order": b.ID, "reference": reference,
		"amount": total, "currency": "GBP"}}
	if a, _, _ := r.notify(t, genuine); a.Status != 200 {
		t.Fatalf("a genuine one: %d %s", a.Status, a.Body)
	}
	before := b.Order(t)
	luck := rand.New(rand.NewPCG(3, 4))
	at := trial.Caller{URL: r.StorefrontURL}
	for i := range *forged {
		body := fmt.Sprintf(`{"id":"evt_forged_%d","type":"dispute_opened","data":{"order":%q,"reference":%q,"amount":%d,`+
			`"currency":"GBP","dispute":"dp_2","reason":"fraudulent"}}`, i, b.ID, reference, total)
		header, now := "", time.Now()
		switch i % 5 {
		case 0:
			header = r.sign(t, payment.App, body, now)
			bytes := []byte(body)
			bytes[2+luck.IntN(len(bytes)-3)] ^= 1
			body = string(bytes)
		case 1:
			header = r.sign(t, payment.App, body, now.Add(time.Duration(310+luck.IntN(10_000))*time.Second))
		case 2:
			header = r.sign(t, payment.App, body, now.Add(-time.Duration(310+luck.IntN(10_000))*time.Second))
		case 4: // one that was taken is sent again
			if a, outcome, _ := r.notify(t, genuine); a.Status != 200 || outcome != "repeat" {
				t.Fatalf("a replayed one: %d %s", a.Status, a.Body)
			}
			continue
		case 3:
			header = httpserver.SignatureHeader + ": " + httpserver.Sign([]byte("another secret of some length"), []byte(body), now)
		}
		a, err := at.Send("POST", payment.App.Webhooks.Path, body, header)
		if err != nil || a.Status != 401 || !strings.Contains(a.Body, "webhook-signature") || strings.Contains(a.Body, b.ID) {
			t.Fatalf("%d: %d %s, %v", i%5, a.Status, a.Body, err)
		}
	}
	if after := b.Order(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the order was %+v, is %+v", before, after)
	}
}
