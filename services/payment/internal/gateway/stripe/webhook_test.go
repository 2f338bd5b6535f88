package stripe

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/webhook"
)

// hook is the body of a webhook of Stripe's.
func hook(kind, object string) []byte {
	return fmt.Appendf(nil, `{"id":"evt_1","object":"event","type":%q,"data":{"object":%s}}`, kind, object)
}

func TestAWebhookOfStripesIsReadAsWhatItSaysOfTheMoney(t *testing.T) {
	t.Parallel()
	of := func(intent string) string {
		return strings.Replace(intent, `{"id"`, `{"metadata":{"attempt":"a1","order":"o1"},"id"`, 1)
	}
	const (
		refunded = `{"id":"re_1","amount":300,"currency":"gbp","payment_intent":"pi_1","status":"%s",
			"metadata":{"refund":"r1","order":"o1"},"failure_reason":"%s"}`
		disputed = `{"id":"dp_1","amount":700,"currency":"gbp","charge":"ch_1","payment_intent":"pi_1","reason":"fraudulent",
			"status":"%s","balance_transactions":[%s]}`
		fee    = `{"id":"txn_1","amount":-700,"currency":"gbp","fee":1500}`
		failed = `{"id":"pi_1","status":"requires_payment_method","amount":700,"currency":"gbp",
			"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}}`
	)
	carded := strings.Replace(of(taken), `"currency"`,
		`"latest_charge":{"id":"ch_1","payment_method_details":{"card":{"fingerprint":"f1"}}},"currency"`, 1)
	is := func(kind payment.Notice, amount int64) payment.Notification {
		return payment.Notification{ID: "evt_1", Kind: kind, Order: "o1", Attempt: "a1", Reference: "pi_1",
			Amount: schemas.Money{Amount: amount, Currency: "GBP"}}
	}
	with := func(n payment.Notification, change func(*payment.Notification)) payment.Notification {
		change(&n)
		return n
	}
	aDispute := func(kind payment.Notice) payment.Notification {
		return with(is(kind, 700), func(n *payment.Notification) {
			n.Attempt, n.DisputeID, n.Reason, n.Card = "", "dp_1", "fraudulent", "f1"
		})
	}
	aRefund := func(kind payment.Notice, why string) payment.Notification {
		return with(is(kind, 300), func(n *payment.Notification) { n.Attempt, n.RefundID, n.Reason = "", "r1", why })
	}
	nothing := func(kind payment.Notice) payment.Notification { return payment.Notification{ID: "evt_1", Kind: kind} }
	for name, c := range map[string]struct {
		kind, object string
		read         []said // what Stripe is asked for
		want         payment.Notification
	}{
		"authorised": {"payment_intent.amount_capturable_updated", of(onHold), nil, is("authorized", 700)},
		"captured": {"payment_intent.succeeded", of(strings.ReplaceAll(taken, `received":700`, `received":400`)), nil,
			is("captured", 400)},
		"voided": {"payment_intent.canceled", of(cancelled), []said{{200, of(cancelled)}}, is("voided", 700)},
		"voided, nothing held": {"payment_intent.canceled", of(cancelled),
			[]said{{200, of(`{"id":"pi_1","status":"canceled","amount":700,"currency":"gbp"}`)}}, is("voided", 0)},
		"declined": {"payment_intent.payment_failed", of(failed), nil,
			with(is("declined", 700), func(n *payment.Notification) { n.Reason = "insufficient_funds" })},
		"the capture failed": {"payment_intent.payment_failed", of(onHold), nil,
			with(is("capture_failed", 700), func(n *payment.Notification) { n.Reason = "capture_failed" })},
		"refunded":      {"refund.created", fmt.Sprintf(refunded, "succeeded", ""), nil, aRefund("refunded", "")},
		"refund failed": {"refund.failed", fmt.Sprintf(refunded, "failed", "unknown"), nil, aRefund("refund_reversed", "unknown")},
		"refund called off": {"refund.updated", fmt.Sprintf(refunded, "canceled", ""), nil,
			aRefund("refund_reversed", "canceled")},
		"refund changed": {"refund.updated", fmt.Sprintf(refunded, "succeeded", ""), nil, aRefund("refund.updated", "")},
		"dispute opened": {"charge.dispute.funds_withdrawn", fmt.Sprintf(disputed, "needs_response", fee), []said{{200, carded}},
			with(aDispute("dispute_opened"), func(n *payment.Notification) { n.Fee = &schemas.Money{Amount: 1500, Currency: "GBP"} })},
		"dispute won": {"charge.dispute.funds_reinstated", fmt.Sprintf(disputed, "won", ""), []said{{200, carded}},
			aDispute("dispute_won")},
		"dispute lost": {"charge.dispute.closed", fmt.Sprintf(disputed, "lost", ""), []said{{200, carded}}, aDispute("dispute_lost")},
		"won, as funds_reinstated says": {"charge.dispute.closed", fmt.Sprintf(disputed, "won", ""), nil,
			nothing("charge.dispute.closed")},
		"an inquiry": {"charge.dispute.created", fmt.Sprintf(disputed, "warning_needs_response", ""), nil,
			nothing("charge.dispute.created")},
		"something else": {"customer.created", `{"id":"cus_1"}`, nil, nothing("customer.created")},
	} {
		client, heard := stand(t, c.read...)
		got, err := client.Notification(t.Context(), hook(c.kind, c.object))
		if fee := got.Fee; fee != nil && c.want.Fee != nil && *fee == *c.want.Fee {
			got.Fee = c.want.Fee
		}
		if !reflect.DeepEqual(got, c.want) || err != nil || len(*heard) != len(c.read) {
			t.Errorf("%s: got %+v, %v after %q; want %+v", name, got, err, *heard, c.want)
		}
	}
}

func TestAWebhookThatIsNoneOrCannotBeReadNowChangesNothing(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no JSON": "secret", "nothing": "{}", "no object": `{"id":"evt_1","type":"refund.failed"}`,
		"no id of its own":     `{"type":"customer.created","data":{"object":{}}}`,
		"no PaymentIntent":     string(hook("payment_intent.succeeded", `{}`)),
		"no currency":          string(hook("payment_intent.succeeded", `{"id":"pi_1","amount_received":7}`)),
		"a negative amount":    string(hook("payment_intent.succeeded", `{"id":"pi_1","amount_received":-7,"currency":"gbp"}`)),
		"an amount in words":   string(hook("payment_intent.succeeded", `{"id":"pi_1","amount_received":"secret"}`)),
		"a dispute of nothing": string(hook("charge.dispute.closed", `{"id":"dp_1","status":"lost"}`)),
	} {
		client, _ := stand(t)
		if n, err := client.Notification(t.Context(), []byte(body)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	secret := []byte("whsec_secret")
	client, _ := stand(t, said{503, ``})
	hooks := Webhooks{Secret: func() ([]byte, error) { return secret, nil }, Client: func() (*Client, error) { return client, nil }}
	body, now := hook("payment_intent.canceled", cancelled), time.Now()
	header := func(signature string) http.Header { return http.Header{"Stripe-Signature": {signature}} }
	_, err := hooks.Read(t.Context(), header(httpserver.Sign(secret, body, now)), body, now)
	if !errors.Is(err, webhook.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("Stripe is not reached: %v", err)
	}
	for name, signature := range map[string]string{
		"none": "", "of another secret": httpserver.Sign([]byte("whsec_other"), body, now),
		"of another body": httpserver.Sign(secret, append(body, ' '), now),
		"old":             httpserver.Sign(secret, body, now.Add(-302*time.Second)),
		"of the future":   httpserver.Sign(secret, body, now.Add(302*time.Second)),
	} {
		if _, err := hooks.Read(t.Context(), header(signature), body, now); !errors.Is(err, httpserver.ErrSignature) {
			t.Errorf("a signature %s: %v", name, err)
		}
	}
}
