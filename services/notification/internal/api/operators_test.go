package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	event "orderflow.example/schemas/notification"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
)

const goodPromotion = `{"title":"Ten percent off","text":"On all mugs, this week."}`

// board is the promotions that were published, each under its id.
type board struct {
	audience  int64
	err       error
	published map[string]event.PromotionPublishedV1
}

func (b *board) Audience(context.Context) (int64, error) { return b.audience, b.err }

func (b *board) Publish(_ context.Context, id string, p event.PromotionPublishedV1) error {
	if _, known := b.published[id]; !known && b.err == nil {
		b.published[id] = p
	}
	return b.err
}

func newBoard() *board {
	return &board{audience: 3, published: map[string]event.PromotionPublishedV1{}}
}

func publishTo(t *testing.T, claims idempotency.Claims, b *board, body, key string) (status int, answer string) {
	t.Helper()
	secret := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	RegisterOperators(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), nil,
		idempotency.New(claims, slog.New(slog.DiscardHandler)), b)
	token, err := httpserver.Mint(secret, httpserver.AudienceOperators, "op1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("POST", "/v1/promotions", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

// An accepted request's event satisfies its contract; a refused one emits none, and is never a failure of the server.
func TestWhatTheAPITakesTheContractsOfItsEventsAllow(t *testing.T) {
	t.Parallel()
	taken, refused := 0, 0
	for body := range httpservertest.Variations(1, goodPromotion, 600) {
		b := newBoard()
		switch status, answer := publishTo(t, idempotencytest.New(), b, body, "k"); status {
		case 202:
			taken++
		case 400, 422:
			if refused++; len(b.published) > 0 {
				t.Errorf("%s was refused and published", body)
			}
		default:
			t.Errorf("%s: %d %s", body, status, answer)
		}
		for _, p := range b.published {
			data, err := json.Marshal(p)
			if err == nil {
				err = event.PromotionPublished.Check(data)
			}
			if err != nil {
				t.Errorf("%s: %v: %s", body, err, data)
			}
		}
	}
	if taken < 100 || refused < 100 {
		t.Errorf("%d were accepted and %d refused: the test covers too little", taken, refused)
	}
}

func TestAPromotionIsPublishedOnceForItsKeyWhateverHasChanged(t *testing.T) {
	t.Parallel()
	claims, b := idempotencytest.New(), newBoard()
	status, first := publishTo(t, claims, b, goodPromotion, "k")
	if status != 202 || !strings.Contains(first, `"audience":3`) {
		t.Fatalf("%d %s", status, first)
	}
	b.audience = 0 // all of them have opted out
	if status, again := publishTo(t, claims, b, goodPromotion, "k"); status != 202 || again != first {
		t.Errorf("sent again: %d %s, first %s", status, again, first)
	}
	for _, body := range []string{`{"title":"Another","text":"x"}`, `{"title":""}`, "{"} {
		if status, other := publishTo(t, claims, b, body, "k"); status != 422 || !strings.Contains(other, "idempotency-key-reused") {
			t.Errorf("%s with the key of another: %d %s", body, status, other)
		}
	}
	if status, nobody := publishTo(t, claims, b, goodPromotion, "k2"); status != 422 || !strings.Contains(nobody, "nobody") {
		t.Errorf("to nobody: %d %s", status, nobody)
	}
	if status, without := publishTo(t, claims, b, goodPromotion, ""); status != 400 {
		t.Errorf("without a key: %d %s", status, without)
	}
	claims.Lose(claims.All()[0].Name) // as after a crash before the answer was kept
	claims.SetBusy(claims.All()[0].Name, false)
	status, again := publishTo(t, claims, b, goodPromotion, "k")
	if id := first[:len(`{"id":"`)+36]; status != 202 || !strings.HasPrefix(again, id) || len(b.published) != 1 {
		t.Errorf("after a crash: %d %s, first %s, %d published", status, again, first, len(b.published))
	}
	b.err = errors.New("the database is down")
	if status, down := publishTo(t, claims, b, goodPromotion, "k3"); status != 503 {
		t.Errorf("without a database: %d %s", status, down)
	}
}
