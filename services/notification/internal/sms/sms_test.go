package sms_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/sms"
	"orderflow.example/shared/engine"
)

func TestAShortMessageIsHandedOverUnderItsIDAndOnlyClearAnswersCount(t *testing.T) {
	t.Parallel()
	for answer, c := range map[string]struct {
		status int
		want   string // "": asked again
	}{
		`{"id":"1"}`: {http.StatusCreated, notification.DeliverySent}, ``: {http.StatusAccepted, notification.DeliverySent},
		`{"code":"invalid_number"}`: {http.StatusUnprocessableEntity, notification.AddressRefused},
		`{"code":"too_long"}`:       {http.StatusUnprocessableEntity, notification.MessageRefused},
		`{"code":"busy"}`:           {http.StatusServiceUnavailable, ""},
	} {
		provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ To, Text string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != "POST" || r.URL.Path != "/v1/messages" ||
				body.To != "+441632960001" || body.Text != "Hello" || r.Header.Get("Idempotency-Key") != "id-1" {
				t.Errorf("%s %s %v %+v %v", r.Method, r.URL, r.Header, body, err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(answer))
		}))
		got, err := sms.New(provider.URL).Send(t.Context(), engine.Attempt{ID: "id-1", Number: 1}, "+441632960001", "Hello")
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%d %s: %q %v", c.status, answer, got, err)
		}
		provider.Close()
	}
}
