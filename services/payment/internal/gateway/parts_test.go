package gateway

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver"
)

func TestAnAuthorizationOfSeveralParcelsAsksForSeveralCapturesAndHearsIfThereCanBeOnlyOne(t *testing.T) {
	t.Parallel()
	several := authorizing
	several.Captures = 2
	for body, want := range map[string]payment.AuthorizeAnswer{
		`{"reference":"au_1","amount":700}`:              {Reference: "au_1"},
		`{"reference":"au_1","amount":700,"captures":2}`: {Reference: "au_1"},
		`{"reference":"au_1","amount":700,"captures":1}`: {Reference: "au_1", Once: true},
	} {
		c, heard := says(t, 200, body)
		got, err := c.authorize(t.Context(), firstTry, several)
		ask := `POST /v1/authorizations e1 {"order":"o1","amount":700,"currency":"GBP","token":"tok_secret","captures":2}`
		if err != nil || got != want || !slices.Equal(*heard, []string{ask}) {
			t.Errorf("%s: %+v, %v after %q", body, got, err, *heard)
		}
		c, _ = says(t, 200, body)
		if got, err := c.authorize(t.Context(), firstTry, authorizing); err != nil || got.Once {
			t.Errorf("%s: of one parcel: %+v, %v", body, got, err)
		}
	}
}

func TestACaptureOfOneOfSeveralParcelsLeavesTheRestSetAside(t *testing.T) {
	t.Parallel()
	part := capturing
	part.ShipmentID, part.Amount.Amount = "s1", 300
	c, heard := says(t, 200, `{"reference":"au_1","amount":300}`)
	got, err := c.capture(t.Context(), firstTry, part)
	ask := `POST /v1/captures e1 {"order":"o1","reference":"au_1","amount":300,"currency":"GBP","final":false}`
	if err != nil || got != (payment.CaptureAnswer{ShipmentID: "s1"}) || !slices.Equal(*heard, []string{ask}) {
		t.Errorf("%+v, %v after %q", got, err, *heard)
	}
	c, _ = says(t, 402, `{"code":"exceeds_authorized"}`)
	if got, err := c.capture(t.Context(), firstTry, part); err != nil ||
		got != (payment.CaptureAnswer{ShipmentID: "s1", Refused: "exceeds_authorized"}) {
		t.Errorf("refused: %+v, %v", got, err)
	}
}

func TestAWebhookTellsWhichCaptureItIsAbout(t *testing.T) {
	t.Parallel()
	secret, now := []byte("0123456789abcdef0123456789abcdef"), time.Now()
	w := Webhooks{Secret: func() ([]byte, error) { return secret, nil }}
	read := func(body string) payment.Notification {
		header := http.Header{httpserver.SignatureHeader: {httpserver.Sign(secret, []byte(body), now)}}
		n, err := w.Read(t.Context(), header, []byte(body), now)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	about := func(kind, more string) payment.Notification {
		return read(`{"id":"evt_1","type":"` + kind + `","data":{"order":"o1","reference":"au_1","amount":300,` + more + `}}`)
	}
	if n := about("captured", `"capture":"c1"`); !slices.Equal(n.Captures, []string{"c1"}) || n.Once {
		t.Errorf("%+v", n)
	}
	if n := about("authorized", `"captures":1`); !n.Once || n.Captures != nil {
		t.Errorf("%+v", n)
	}
}
