package gateway

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/engine"
)

var asked = event.RequestedV1{Reason: "lost", Reference: "auth_1", Amount: schemas.Money{Amount: 700, Currency: "EUR"}}

// ask requests one refund of a gateway with these answers to the inquiry and the refund, and returns the requests it got.
func ask(t *testing.T, try int, inquiry, posted int, body string) (refund.RefundAnswer, []string, error) {
	t.Helper()
	var heard []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		heard = append(heard, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+string(data))
		if r.Method == http.MethodGet {
			w.WriteHeader(inquiry)
		} else {
			w.WriteHeader(posted)
		}
		w.Write([]byte(body))
	}))
	defer server.Close()
	answer, err := New(server.URL).giveBack(context.Background(), engine.Attempt{ID: "e1", Saga: "o1", Number: try}, asked)
	return answer, heard, err
}

const (
	inquired = `GET /v1/refunds/e1 e1 `
	posted   = `POST /v1/refunds e1 {"order":"o1","reference":"auth_1","amount":700,"currency":"EUR"}`
)

func TestMoneyIsGivenBackUnderTheIdOfItsQuestion(t *testing.T) {
	t.Parallel()
	answer, heard, err := ask(t, 1, 500, 200, `{"reference":"re_1","amount":700}`)
	if err != nil || answer != (refund.RefundAnswer{RefundID: "e1"}) || !slices.Equal(heard, []string{posted}) {
		t.Errorf("got %+v, %v after %q", answer, err, heard)
	}
}

func TestASecondTryInquiresBeforeItAsks(t *testing.T) {
	t.Parallel()
	const done = `{"reference":"re_1","amount":700}`
	answer, heard, err := ask(t, 2, 200, 500, done)
	if err != nil || answer != (refund.RefundAnswer{RefundID: "e1"}) || !slices.Equal(heard, []string{inquired}) {
		t.Errorf("done before: got %+v, %v after %q", answer, err, heard)
	}
	answer, heard, err = ask(t, 2, 404, 200, done)
	if err != nil || answer != (refund.RefundAnswer{RefundID: "e1"}) || !slices.Equal(heard, []string{inquired, posted}) {
		t.Errorf("never heard of: got %+v, %v after %q", answer, err, heard)
	}
	if answer, heard, err = ask(t, 2, 500, 200, done); err == nil || !slices.Equal(heard, []string{inquired}) {
		t.Errorf("not known: got %+v after %q, want an error after the inquiry alone", answer, heard)
	}
}

func TestOnlyACodeIsARefusalForGood(t *testing.T) {
	t.Parallel()
	answer, _, err := ask(t, 1, 500, 402, `{"code":"card_closed"}`)
	if err != nil || answer != (refund.RefundAnswer{RefundID: "e1", Refused: "card_closed"}) {
		t.Errorf("got %+v, %v", answer, err)
	}
	for _, c := range []struct {
		status  int
		body    string
		refused bool
	}{
		{402, `{}`, false}, {402, `{"code":""}`, false}, {402, `{"code":"a_new_one"}`, false}, {402, `closed`, false},
		{200, `{}`, false}, {200, `{"amount":700}`, false}, {200, `{"reference":"re_1","amount":699}`, false},
		{200, `{"reference":"re_1","amount":700,"currency":"GBP"}`, false}, {200, ``, false},
		{409, `{}`, false}, {429, `{}`, false}, {500, `{}`, false}, {503, `{}`, false},
		{400, `{}`, true}, {401, `{}`, true}, {404, `{}`, true}, {422, `{}`, true},
	} {
		answer, _, err := ask(t, 1, 500, c.status, c.body)
		if err == nil || answer != (refund.RefundAnswer{}) || engine.IsRefused(err) != c.refused {
			t.Errorf("%d %s: got %+v, %v; want an error that the request is refused: %v", c.status, c.body, answer, err, c.refused)
		}
	}
}
