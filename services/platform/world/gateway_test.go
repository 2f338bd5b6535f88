package world_test

import (
	"reflect"
	"testing"

	"orderflow.example/services/platform/world"
)

var fast = world.Options{Speed: 1000}

func TestSameKeyIsAnsweredTheSameForEver(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	first := c.authorize(200, "k1", "o1", "tok_ok", 500)
	if again := c.authorize(200, "k1", "o1", "tok_ok", 500); !reflect.DeepEqual(again, first) {
		t.Errorf("again: %+v, first: %+v", again, first)
	}
	c.capture(200, "k2", "o1", first.Reference, 500)
	if later := c.want(200, "GET", "/gateway/v1/authorizations/k1", "", nil); !reflect.DeepEqual(later, first) {
		t.Errorf("inquiry after the capture: %+v, first: %+v", later, first)
	}
	c.authorize(402, "k3", "o1", "tok_declined", 500)
	c.authorize(402, "k3", "o1", "tok_declined", 500)
	if n := len(c.book("")); n != 3 {
		t.Errorf("the book has %d entries, want 3", n)
	}
}

func TestAnEmptyBookHasAListWithoutEntries(t *testing.T) {
	t.Parallel()
	if page := start(t, fast).want(200, "GET", "/gateway/book", "", nil); page.Items == nil || len(page.Items) != 0 {
		t.Errorf("%v", page.Items)
	}
}

func TestSameKeyWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	c.authorize(200, "k1", "o1", "tok_ok", 500)
	c.authorize(422, "k1", "o1", "tok_ok", 501)
	c.void(422, "k1", "o1", "k1")
	if c.want(404, "GET", "/gateway/v1/captures/k1", "", nil); len(c.book("")) != 1 {
		t.Error("something was written")
	}
}

func TestTokensDecide(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	for token, want := range map[string]string{
		"tok_ok": "", "tok_slow": "", "tok_chargeback": "", "tok_capture_fails": "", "tok_refund_fails_once": "",
		"tok_declined": "card_declined", "tok_insufficient_funds": "insufficient_funds", "tok_else": "unknown_token",
	} {
		status := 200
		if want != "" {
			status = 402
		}
		if s := c.authorize(status, "key "+token, "order "+token, token, 100); s.Code != want {
			t.Errorf("%s: %q, want %q", token, s.Code, want)
		}
	}
}

func TestMoneyIsSetAsideThoughTheAnswerNeverComes(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	c.authorize(200, "warm", "o0", "tok_ok", 1) // so that the connection is a reused one
	c.want(404, "GET", "/gateway/v1/authorizations/k1", "", nil)
	c.authorize(0, "k1", "o1", "tok_timeout", 700)
	s := c.want(200, "GET", "/gateway/v1/authorizations/k1", "", nil)
	if s.Reference == "" || s.Amount != 700 {
		t.Errorf("the inquiry returns %+v", s)
	}
	if again := c.authorize(200, "k1", "o1", "tok_timeout", 700); again.Reference != s.Reference {
		t.Errorf("retried: %s, inquiry: %s", again.Reference, s.Reference)
	}
	if n := len(c.book("&order=o1")); n != 1 {
		t.Errorf("authorised %d times", n)
	}
}

func TestVoidBeforeTheAuthorizationIsRemembered(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	if s := c.void(200, "v1", "o1", "k1"); s.Amount != 0 {
		t.Errorf("released %d of nothing", s.Amount)
	}
	if s := c.authorize(402, "k1", "o1", "tok_ok", 500); s.Code != "voided" {
		t.Errorf("refused with %q", s.Code)
	}
}

func TestVoidReleasesOnceAndNeverAfterTheCapture(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorize(200, "a1", "o1", "tok_ok", 500)
	if s := c.void(200, "v1", "o1", "a1"); s.Amount != 500 {
		t.Errorf("released %d, want 500", s.Amount)
	}
	if s := c.void(200, "v2", "o1", "a1"); s.Amount != 0 {
		t.Errorf("released %d again", s.Amount)
	}
	if s := c.capture(402, "c1", "o1", a.Reference, 500); s.Code != "voided" {
		t.Errorf("capture refused with %q", s.Code)
	}
	b := c.authorize(200, "a2", "o2", "tok_ok", 500)
	c.capture(200, "c2", "o2", b.Reference, 500)
	if s := c.void(402, "v3", "o2", "a2"); s.Code != "already_captured" {
		t.Errorf("void refused with %q", s.Code)
	}
}

func TestCaptureHappensOnce(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorize(200, "a1", "o1", "tok_ok", 500)
	for key, why := range map[string]struct {
		order, reference, code string
		amount                 int64
	}{
		"c1": {"o1", "au_0", "unknown_reference", 500},
		"c2": {"o2", a.Reference, "unknown_reference", 500},
		"c3": {"o1", a.Reference, "exceeds_authorized", 501},
	} {
		if s := c.capture(402, key, why.order, why.reference, why.amount); s.Code != why.code {
			t.Errorf("refused with %q, want %q", s.Code, why.code)
		}
	}
	c.capture(200, "c4", "o1", a.Reference, 400)
	c.capture(200, "c4", "o1", a.Reference, 400)
	if s := c.capture(402, "c5", "o1", a.Reference, 100); s.Code != "already_captured" {
		t.Errorf("second capture: %q", s.Code)
	}
	entries := c.book("")
	conserved(t, entries)
	if rest := entries[5]; rest["kind"] != "voided" || rest["amount"] != 100.0 {
		t.Errorf("what was not captured is not released: %v", rest)
	}
}

func TestCaptureFailsForItsToken(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorize(200, "a1", "o1", "tok_capture_fails", 500)
	if s := c.capture(402, "c1", "o1", a.Reference, 500); s.Code != "capture_failed" {
		t.Errorf("refused with %q", s.Code)
	}
	if s := c.void(200, "v1", "o1", "a1"); s.Amount != 500 {
		t.Errorf("released %d, want 500", s.Amount)
	}
}

func TestRefundsNeverExceedTheCapture(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorize(200, "a1", "o1", "tok_ok", 500)
	if s := c.refund(402, "r0", "o1", a.Reference, 1); s.Code != "not_captured" {
		t.Errorf("refused with %q", s.Code)
	}
	c.capture(200, "c1", "o1", a.Reference, 500)
	c.refund(200, "r1", "o1", a.Reference, 300)
	c.refund(200, "r1", "o1", a.Reference, 300)
	if s := c.refund(402, "r2", "o1", a.Reference, 201); s.Code != "exceeds_captured" {
		t.Errorf("refused with %q", s.Code)
	}
	c.refund(200, "r3", "o1", a.Reference, 200)
	c.refund(402, "r4", "o1", a.Reference, 1)
	conserved(t, c.book(""))
}

func TestRefundFailsOnceForItsToken(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	a := c.authorize(200, "a1", "o1", "tok_refund_fails_once", 500)
	c.capture(200, "c1", "o1", a.Reference, 500)
	c.refund(503, "r1", "o1", a.Reference, 500)
	c.want(404, "GET", "/gateway/v1/refunds/r1", "", nil)
	c.refund(200, "r1", "o1", a.Reference, 500)
}

func TestBadRequestsAreNotWritten(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	good := object{"order": "o", "amount": 1, "currency": "GBP", "token": "tok_ok"}
	c.want(400, "POST", "/gateway/v1/authorizations", "", good)
	for field, value := range map[string]any{"order": "", "amount": -1, "currency": "", "token": ""} {
		bad := object{"order": "o", "amount": 1, "currency": "GBP", "token": "tok_ok"}
		bad[field] = value
		c.want(400, "POST", "/gateway/v1/authorizations", "k", bad)
	}
	c.want(400, "GET", "/gateway/book?limit=0", "", nil)
	c.want(400, "GET", "/gateway/book?cursor=x", "", nil)
	if len(c.book("")) != 0 {
		t.Error("something was written")
	}
}
