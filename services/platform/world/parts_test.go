package world_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func (c caller) authorizeParts(status int, key, order, token string, amount int64) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/authorizations", key,
		object{"order": order, "amount": amount, "currency": "GBP", "token": token, "captures": 2})
}

func (c caller) capturePart(status int, key, order, reference string, amount int64) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/captures", key,
		object{"order": order, "reference": reference, "amount": amount, "currency": "GBP", "final": false})
}

func TestCapturesOfPartsLeaveTheRestWhichIsCapturedOrVoided(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorizeParts(200, "a1", "o1", "tok_ok", 500)
	c.capturePart(200, "c1", "o1", a.Reference, 200)
	c.capturePart(200, "c1", "o1", a.Reference, 200)
	if s := c.capturePart(402, "c2", "o1", a.Reference, 301); s.Code != "exceeds_authorized" {
		t.Errorf("more than is left: %q", s.Code)
	}
	c.refund(200, "r1", "o1", a.Reference, 200)
	c.capturePart(200, "c3", "o1", a.Reference, 100)
	if s := c.void(200, "v1", "o1", "a1"); s.Amount != 200 {
		t.Errorf("released %d, want 200", s.Amount)
	}
	if s := c.void(200, "v2", "o1", "a1"); s.Amount != 0 {
		t.Errorf("released %d again", s.Amount)
	}
	if s := c.capturePart(402, "c4", "o1", a.Reference, 1); s.Code != "voided" {
		t.Errorf("after the void: %q", s.Code)
	}
	b := c.authorizeParts(200, "a2", "o2", "tok_ok", 500)
	c.capturePart(200, "d1", "o2", b.Reference, 200)
	c.capturePart(200, "d2", "o2", b.Reference, 300)
	if s := c.void(402, "v3", "o2", "a2"); s.Code != "already_captured" {
		t.Errorf("nothing is left to void: %q", s.Code)
	}
	f := c.authorizeParts(200, "a3", "o3", "tok_ok", 500)
	c.capturePart(200, "e1", "o3", f.Reference, 200)
	c.capture(200, "e2", "o3", f.Reference, 200)
	if s := c.capturePart(402, "e3", "o3", f.Reference, 100); s.Code != "already_captured" {
		t.Errorf("after the last capture: %q", s.Code)
	}
	conserved(t, c.book(""))
}

func TestPartsAreCapturedOnlyWhereThatWasAskedForAndTheCardAllowsIt(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	one := c.authorize(200, "a1", "o1", "tok_ok", 500)
	single := c.authorizeParts(200, "a2", "o2", "tok_single_capture", 500)
	for order, reference := range map[string]string{"o1": one.Reference, "o2": single.Reference} {
		if s := c.capturePart(402, "part of "+order, order, reference, 200); s.Code != "single_capture" {
			t.Errorf("%s: %q", order, s.Code)
		}
		c.capture(200, "last of "+order, order, reference, 200)
	}
	conserved(t, c.book(""))
}

// Whatever is asked for in whatever order, the book adds up.
func TestPartsAddUpWhateverIsAskedFor(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	random := rand.New(rand.NewPCG(1, 1))
	for o := range 40 {
		order := "o" + strconv.Itoa(o)
		a := c.authorizeParts(200, "a "+order, order, "tok_ok", 500)
		for i := range 6 {
			key, path, body := order+" "+strconv.Itoa(i), "captures", object{"order": order, "reference": a.Reference,
				"amount": 1 + random.Int64N(300)}
			switch random.IntN(6) {
			case 0:
				path, body = "voids", object{"order": order, "attempt": "a " + order}
			case 1:
				path = "refunds"
			case 2, 3, 4:
				body["final"] = false
			}
			for range 1 + random.IntN(2) {
				if s := c.ask("POST", "/gateway/v1/"+path, key, body); s.Status != 200 && s.Status != 402 {
					t.Fatalf("%s %v: %d %s", path, body, s.Status, s.Code)
				}
			}
		}
	}
	conserved(t, c.book(""))
}

// pay asks the gateway for a PaymentIntent through Stripe's API.
func (c caller) pay(status int, path, key string, form url.Values) (i intent) {
	c.t.Helper()
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/sim/stripe/v1/payment_intents"+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer sk_test_1")
	request.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		c.t.Fatalf("%s: %d %v %s", path, response.StatusCode, err, body)
	}
	if err := json.Unmarshal(body, &i); err != nil {
		c.t.Fatal(err)
	}
	return i
}

// intent is what a test reads of a PaymentIntent.
type intent struct {
	ID, Status string
	Capturable int64 `json:"amount_capturable"`
	Received   int64 `json:"amount_received"`
	Metadata   map[string]string
	Charge     *struct {
		Captured bool
		Details  struct {
			Card struct{ Multicapture struct{ Status string } }
		} `json:"payment_method_details"`
	} `json:"latest_charge"`
}

func TestAPaymentIntentIsCapturedInPartsAsStripeDoesIt(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	create := func(key, token string) intent {
		return c.pay(200, "", key, url.Values{"amount": {"700"}, "currency": {"gbp"}, "capture_method": {"manual"}, "confirm": {"true"},
			"payment_method": {token}, "metadata[attempt]": {key}, "metadata[order]": {"o " + key},
			"payment_method_options[card][request_multicapture]": {"if_available"}})
	}
	part := func(status int, id, key, amount string) intent {
		return c.pay(status, "/"+id+"/capture", key, url.Values{"amount_to_capture": {amount}, "final_capture": {"false"},
			"metadata[c_" + key + "]": {amount}})
	}
	i := create("a1", "tok_ok")
	if i.Status != "requires_capture" || i.Charge.Details.Card.Multicapture.Status != "available" {
		t.Errorf("authorised: %+v", i)
	}
	if p := part(200, i.ID, "k-1", "300"); p.Status != "requires_capture" || p.Received != 300 || p.Capturable != 400 ||
		p.Metadata["c_k-1"] != "300" || p.Charge.Captured {
		t.Errorf("captured in part: %+v", p)
	}
	if p := part(200, i.ID, "k-2", "200"); p.Received != 500 || p.Metadata["c_k-1"] != "300" || p.Metadata["c_k-2"] != "200" {
		t.Errorf("captured in two parts: %+v", p)
	}
	if p := c.pay(200, "/"+i.ID+"/cancel", "v-1", url.Values{}); p.Status != "succeeded" || p.Received != 500 || p.Capturable != 0 ||
		!p.Charge.Captured {
		t.Errorf("the rest is let go of: %+v", p)
	}
	part(400, i.ID, "k-3", "200")
	all := create("a2", "tok_ok")
	part(200, all.ID, "k-4", "300")
	if p := part(200, all.ID, "k-5", "400"); p.Status != "succeeded" || p.Received != 700 || !p.Charge.Captured {
		t.Errorf("captured whole: %+v", p)
	}
	once := create("a3", "tok_single_capture")
	if once.Charge.Details.Card.Multicapture.Status != "unavailable" {
		t.Errorf("a card that does not allow it: %+v", once)
	}
	part(400, once.ID, "k-6", "300")
	conserved(t, c.book(""))
}
