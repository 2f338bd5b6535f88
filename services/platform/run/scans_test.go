package run_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	payment "orderflow.example/services/payment/app"
	"orderflow.example/services/platform/trial"
	shipping "orderflow.example/services/shipping/app"
	"orderflow.example/shared/httpserver"
)

func (r running) scanned(t *testing.T, id, state, order, number string) (a trial.Answer, outcome, reason string) {
	t.Helper()
	body := fmt.Sprintf(`{"id":%q,"type":%q,"data":{"order":%q,"tracking_number":%q,"at":"2026-11-27T10:00:00Z"},"more":1}`,
		id, state, order, number)
	signed := r.sign(t, shipping.App, body, time.Now())
	a, err := trial.Caller{URL: r.StorefrontURL}.Send("POST", shipping.App.Webhooks.Path, body, signed)
	if err != nil {
		t.Fatal(err)
	}
	said := trial.Read[struct{ Outcome, Reason string }](t, a)
	return a, said.Outcome, said.Reason
}

func TestAScanThatDoesNotFitIsKeptCountedAndChangesNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, _, _ := r.bought(t, "tok_ok")
	o := b.Order(t)
	number := o.Shipments[0].TrackingNumber
	for reason, s := range map[string][3]string{
		"unknown_type":   {"teleported", b.ID, number},
		"unknown_parcel": {"delivered", b.ID, "AP000000000GB"},
		"noted":          {"in_transit", b.ID, number},
		"settled":        {"lost", b.ID, number},
	} {
		id := fresh("scan")
		if a, outcome, why := r.scanned(t, id, s[0], s[1], s[2]); a.Status != 200 || outcome != "ignored" || why != reason {
			t.Errorf("%s: %d %s", reason, a.Status, a.Body)
		}
		if a, outcome, _ := r.scanned(t, id, s[0], s[1], s[2]); a.Status != 200 || outcome != "repeat" {
			t.Errorf("%s, again: %d %s", reason, a.Status, a.Body)
		}
		if a, _, _ := r.scanned(t, id, "delivered", "another", "T"); a.Status != 409 {
			t.Errorf("%s, another scan with its id: %d %s", reason, a.Status, a.Body)
		}
	}
	for _, order := range []string{"", fresh("no such order")} {
		if a, outcome, why := r.scanned(t, fresh("scan"), "delivered", order, number); outcome != "ignored" || why != "unknown_parcel" {
			t.Errorf("a scan of an unknown parcel: %d %s", a.Status, a.Body)
		}
	}
	if after := b.Order(t); fmt.Sprint(after) != fmt.Sprint(o) {
		t.Errorf("the order was %+v, is %+v", o, after)
	}
	seen := r.site.Operator("").Must(t, 200, "GET", "/metrics", nil).Body
	for _, outcome := range []string{"unknown_parcel", "unknown_type", "noted", "settled", "repeat", "id_reused"} {
		if !strings.Contains(seen, `orderflow_carrier_webhooks_total{outcome="`+outcome+`"`) {
			t.Errorf("%s is not counted", outcome)
		}
	}
}

func TestNoForgedScanIsTaken(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, _, _ := r.bought(t, "tok_ok")
	before := b.Order(t)
	number := before.Shipments[0].TrackingNumber
	luck := rand.New(rand.NewPCG(3, 15))
	at := trial.Caller{URL: r.StorefrontURL}
	for i := range *forged {
		body := fmt.Sprintf(`{"id":"scan_forged_%d","type":"lost","data":{"order":%q,"tracking_number":%q,`+
			`"at":"2026-11-27T10:00:00Z"}}`, i, b.ID, number)
		header, now := "", time.Now()
		switch i % 6 {
		case 0:
			header = r.sign(t, shipping.App, body, now)
			bytes := []byte(body)
			bytes[2+luck.IntN(len(bytes)-3)] ^= 1
			body = string(bytes)
		case 1:
			header = r.sign(t, shipping.App, body, now.Add(time.Duration(310+luck.IntN(10_000))*time.Second))
		case 2:
			header = r.sign(t, shipping.App, body, now.Add(-time.Duration(310+luck.IntN(10_000))*time.Second))
		case 3:
			header = httpserver.SignatureHeader + ": " + httpserver.Sign([]byte("another secret of some length"), []byte(body), now)
		case 4: // with the payment gateway's secret
			header = r.sign(t, payment.App, body, now)
		case 5:
			header = "X-Unsigned: 1"
		}
		a, err := at.Send("POST", shipping.App.Webhooks.Path, body, header)
		if err != nil || a.Status != 401 || !strings.Contains(a.Body, "webhook-signature") || strings.Contains(a.Body, b.ID) {
			t.Fatalf("%d: %d %s, %v", i%6, a.Status, a.Body, err)
		}
	}
	if after := b.Order(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the order was %+v, is %+v", before, after)
	}
}
