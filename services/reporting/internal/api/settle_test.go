package api

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// asked notes the days whose files are asked for.
type asked struct {
	Books
	days []string
}

func (a *asked) ReadSettlement(_ context.Context, day string) error {
	a.days = append(a.days, day)
	return nil
}

func TestOnlyTheFileOfADayThatHasBegunIsAskedFor(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := httpserver.Mint(key, httpserver.AudienceOperators, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	s, books := httpserver.New(httpserver.Options{}), &asked{}
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), books)
	today := time.Now().UTC().Format(time.DateOnly)
	later := time.Now().AddDate(0, 0, 2).UTC().Format(time.DateOnly)
	days := map[string]int{today: 202, "2026-03-01": 202, later: 422, "9999-12-31": 422, "2026-02-30": 422, "x": 422}
	for day, want := range days {
		req := httptest.NewRequest(http.MethodPost, "/v1/reports/daily/"+day+"/settlement", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res := httptest.NewRecorder()
		s.Engine().ServeHTTP(res, req)
		if res.Code != want || slices.Contains(books.days, day) != (want == 202) {
			t.Errorf("%s: %d %s, want %d", day, res.Code, res.Body, want)
		}
	}
}
