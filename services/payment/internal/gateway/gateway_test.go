package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
)

var (
	pounds      = schemas.Money{Amount: 700, Currency: "GBP"}
	authorizing = event.AuthorizationRequestedV1{Amount: pounds, PaymentToken: "tok_secret"}
	capturing   = event.CaptureRequestedV1{Attempt: "a1", Reference: "au_1", Amount: pounds}
	voiding     = event.VoidRequestedV1{Attempt: "a1", Amount: pounds}
	firstTry    = engine.Attempt{ID: "e1", Saga: "o1", Number: 1}
	laterTry    = engine.Attempt{ID: "e1", Saga: "o1", Number: 2}
)

// How the engine classifies an error.
const (
	unclear = "unclear"
	refusal = "refused"
)

// says is a gateway that gives every request the same answer, and the requests it got.
func says(t *testing.T, status int, body string) (*Client, *[]string) {
	t.Helper()
	return inquired(t, status, status, body)
}

// inquired is a gateway that answers inquiries by another status than questions.
func inquired(t *testing.T, inquiry, status int, body string) (*Client, *[]string) {
	t.Helper()
	heard := &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		*heard = append(*heard, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+string(data)))
		if r.Method == http.MethodGet {
			w.WriteHeader(inquiry)
		} else {
			w.WriteHeader(status)
		}
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return New(server.URL), heard
}

// outcome is how the engine classifies an error. It fails if the error repeats a token.
func outcome(t *testing.T, err error) string {
	t.Helper()
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), "secret"):
		t.Errorf("the error repeats the request or the reply: %v", err)
	case engine.IsRefused(err):
		return refusal
	}
	return unclear
}

func TestEachQuestionIsAskedUnderItsId(t *testing.T) {
	t.Parallel()
	c, heard := says(t, 200, `{"reference":"au_1","amount":700}`)
	held, err := c.authorize(t.Context(), firstTry, authorizing)
	if err != nil || held != (payment.AuthorizeAnswer{Reference: "au_1"}) {
		t.Errorf("authorized: %+v, %v", held, err)
	}
	taken, err := c.capture(t.Context(), firstTry, capturing)
	if err != nil || taken != (payment.CaptureAnswer{}) {
		t.Errorf("captured: %+v, %v", taken, err)
	}
	freed, err := c.void(t.Context(), firstTry, voiding)
	if err != nil || freed != (payment.VoidAnswer{Amount: 700}) {
		t.Errorf("voided: %+v, %v", freed, err)
	}
	want := []string{
		`POST /v1/authorizations e1 {"order":"o1","amount":700,"currency":"GBP","token":"tok_secret"}`,
		`POST /v1/captures e1 {"order":"o1","reference":"au_1","amount":700,"currency":"GBP"}`,
		`POST /v1/voids e1 {"order":"o1","attempt":"a1"}`,
	}
	if !slices.Equal(*heard, want) {
		t.Errorf("asked %q, want %q", *heard, want)
	}
}

func TestALaterTryInquiresBeforeItAsks(t *testing.T) {
	t.Parallel()
	c, heard := says(t, 200, `{"reference":"au_1","amount":700}`)
	if held, err := c.authorize(t.Context(), laterTry, authorizing); err != nil || held.Reference != "au_1" ||
		!slices.Equal(*heard, []string{"GET /v1/authorizations/e1 e1"}) {
		t.Errorf("done before: %+v, %v after %q", held, err, *heard)
	}
	c, heard = inquired(t, http.StatusNotFound, http.StatusOK, `{"reference":"au_1","amount":700}`)
	if _, err := c.capture(t.Context(), laterTry, capturing); err != nil || len(*heard) != 2 ||
		!strings.HasPrefix((*heard)[1], "POST /v1/captures e1") {
		t.Errorf("never heard of: %v after %q", err, *heard)
	}
	c, heard = says(t, 503, ``)
	if _, err := c.void(t.Context(), laterTry, voiding); outcome(t, err) != unclear || len(*heard) != 1 {
		t.Errorf("not known: %v after %q", err, *heard)
	}
}

func TestAnAuthorizationIsAYesWithItsReferenceOrANoForAReasonKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   payment.AuthorizeAnswer
		err    string
	}{
		{200, `{"reference":"au_1"}`, payment.AuthorizeAnswer{Reference: "au_1"}, ""},
		{200, `{"reference":"au_1","amount":700,"currency":"GBP"}`, payment.AuthorizeAnswer{Reference: "au_1"}, ""},
		{200, `{"reference":"au_1","amount":699}`, payment.AuthorizeAnswer{}, unclear},
		{200, `{"reference":"au_1","amount":0}`, payment.AuthorizeAnswer{}, unclear},
		{200, `{"reference":"au_1","amount":700,"currency":"EUR"}`, payment.AuthorizeAnswer{}, unclear},
		{200, `{"amount":700}`, payment.AuthorizeAnswer{}, unclear},
		{200, `{"error":"secret"}`, payment.AuthorizeAnswer{}, unclear},
		{200, `{}`, payment.AuthorizeAnswer{}, unclear},
		{200, `null`, payment.AuthorizeAnswer{}, unclear},
		{200, `secret`, payment.AuthorizeAnswer{}, unclear},
		{200, ``, payment.AuthorizeAnswer{}, unclear},
		{402, `{"code":"card_declined"}`, payment.AuthorizeAnswer{Refused: "card_declined"}, ""},
		{402, `{"code":"insufficient_funds","reference":"au_1"}`, payment.AuthorizeAnswer{Refused: "insufficient_funds"}, ""},
		{402, `{"code":"unknown_token"}`, payment.AuthorizeAnswer{Refused: "unknown_token"}, ""},
		{402, `{"code":"voided"}`, payment.AuthorizeAnswer{Refused: "voided"}, ""},
		{402, `{"code":"tok_secret"}`, payment.AuthorizeAnswer{}, unclear},
		{402, `{"code":""}`, payment.AuthorizeAnswer{}, unclear},
		{402, `{"error":"card secret refused"}`, payment.AuthorizeAnswer{}, unclear},
		{400, `{"code":"card_declined","detail":"tok_secret"}`, payment.AuthorizeAnswer{}, refusal},
		{401, ``, payment.AuthorizeAnswer{}, refusal},
		{404, ``, payment.AuthorizeAnswer{}, refusal},
		{422, `{"code":"idempotency_key_reused"}`, payment.AuthorizeAnswer{}, refusal},
		{409, ``, payment.AuthorizeAnswer{}, unclear},
		{429, ``, payment.AuthorizeAnswer{}, unclear},
		{500, `tok_secret`, payment.AuthorizeAnswer{}, unclear},
		{204, ``, payment.AuthorizeAnswer{}, unclear},
		{302, ``, payment.AuthorizeAnswer{}, unclear},
	} {
		client, _ := says(t, c.status, c.body)
		got, err := client.authorize(t.Context(), firstTry, authorizing)
		if got != c.want || outcome(t, err) != c.err {
			t.Errorf("%d %s: got %+v, %v; want %+v, %s", c.status, c.body, got, err, c.want, c.err)
		}
	}
}

func TestACaptureIsAYesAboutThisAuthorizationAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   payment.CaptureAnswer
		err    string
	}{
		{200, `{"reference":"au_1","amount":700}`, payment.CaptureAnswer{}, ""},
		{200, `{"reference":"au_1","amount":1}`, payment.CaptureAnswer{}, unclear},
		{200, `{"reference":"au_2","amount":700}`, payment.CaptureAnswer{}, unclear},
		{200, `{}`, payment.CaptureAnswer{}, unclear},
		{402, `{"code":"capture_failed"}`, payment.CaptureAnswer{Refused: "capture_failed"}, ""},
		{402, `{"code":"card_declined"}`, payment.CaptureAnswer{}, unclear},
		{402, `{}`, payment.CaptureAnswer{}, unclear},
		{403, `{}`, payment.CaptureAnswer{}, refusal},
	} {
		client, _ := says(t, c.status, c.body)
		if got, err := client.capture(t.Context(), firstTry, capturing); got != c.want || outcome(t, err) != c.err {
			t.Errorf("%d %s: got %+v, %v; want %+v, %s", c.status, c.body, got, err, c.want, c.err)
		}
	}
}

func TestAVoidTellsWhatWasLetGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   payment.VoidAnswer
		err    string
	}{
		{200, `{"reference":"","amount":0}`, payment.VoidAnswer{}, ""}, // it never set anything aside
		{200, `{"reference":"au_1","amount":700}`, payment.VoidAnswer{Amount: 700}, ""},
		{200, `{"reference":"au_1","amount":701}`, payment.VoidAnswer{}, unclear},
		{200, `{"reference":"au_1","amount":-1}`, payment.VoidAnswer{}, unclear},
		{200, `{"reference":"au_1","amount":700,"currency":"EUR"}`, payment.VoidAnswer{}, unclear},
		{200, `{"reference":"au_1"}`, payment.VoidAnswer{}, unclear},
		{200, `{}`, payment.VoidAnswer{}, unclear},
		{402, `{"code":"already_captured"}`, payment.VoidAnswer{}, refusal},
		{404, `{}`, payment.VoidAnswer{}, refusal},
	} {
		client, _ := says(t, c.status, c.body)
		if got, err := client.void(t.Context(), firstTry, voiding); got != c.want || outcome(t, err) != c.err {
			t.Errorf("%d %s: got %+v, %v; want %+v, %s", c.status, c.body, got, err, c.want, c.err)
		}
	}
}
