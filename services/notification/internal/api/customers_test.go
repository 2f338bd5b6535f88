package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/letter"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// kept are messages in memory, newest first.
type kept []notification.Entry

func (k kept) Messages(_ context.Context, customer string, before store.Place, limit int) (list []notification.Entry, _ error) {
	for _, m := range k {
		if m.CustomerID == customer && (before.ID == "" || m.At.Before(before.At)) && len(list) < limit {
			list = append(list, m)
		}
	}
	return list, nil
}

func (k kept) All(context.Context, string, string, store.Place, int) ([]notification.Entry, error) {
	return k, nil
}

func (k kept) Message(_ context.Context, id string) (notification.Entry, bool, error) {
	at := slices.IndexFunc(k, func(m notification.Entry) bool { return m.ID == id })
	if at < 0 {
		return notification.Entry{}, false, nil
	}
	return k[at], true, nil
}

func (k kept) Promotions(_ context.Context, ids ...string) (map[string]notification.Promotion, error) {
	found := map[string]notification.Promotion{}
	for _, id := range ids {
		found[id] = notification.Promotion{ID: id, Told: &event.PromotionPublishedV1{Title: "Mugs", Text: "All mugs cost less."}}
	}
	return found, nil
}

func (k kept) Locale(_ context.Context, customer string) (string, error) {
	return map[string]string{"bob": "de", "eve": "xx"}[customer], nil
}

var key = bytes.Repeat([]byte("k"), 32)

type site struct {
	*testing.T
	http.Handler
}

func open(t *testing.T, k kept, push string) site {
	t.Helper()
	server := httpserver.New(httpserver.Options{})
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	description := openapi.New(server.Engine(), "Orderflow", "1")
	openapi.RequireToken(description, auth, httpserver.AudienceCustomers)
	RegisterCustomers(description, k, letter.Writer{Wording: wording.Standard(), Shop: "Shop",
		PublicURL: "https://shop.example.com", Key: func() ([]byte, error) { return key, nil }}, auth, push)
	return site{t, server.Engine()}
}

// get asks as a customer, or without a token.
func (s site) get(customer, path string, want int) string {
	s.Helper()
	r := httptest.NewRequest("GET", path, nil)
	if customer != "" {
		token, err := httpserver.Mint(key, httpserver.AudienceCustomers, customer, time.Hour)
		if err != nil {
			s.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != want {
		s.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

var moment = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

// inboxes are three messages to ann, one of them in German and one a promotion, and one to bob, who chose German, and to eve,
// whose choice there is no more.
func inboxes() (k kept) {
	for n, customer := range []string{"ann", "ann", "ann", "bob", "eve"} {
		m := notification.Entry{ID: fmt.Sprint("m", n), CustomerID: customer, At: moment.Add(-time.Duration(n) * time.Hour),
			Message: event.Message{ID: fmt.Sprint("m", n), Kind: notification.Confirmed, OrderID: fmt.Sprint("order", n),
				Amount: &schemas.Money{Amount: 1530, Currency: "GBP"}}}
		switch n {
		case 1:
			m.Locale = "de"
		case 2:
			m.Promotion, m.Message = "p", event.Message{ID: "m2", Kind: notification.Promoted}
		}
		k = append(k, m)
	}
	return k
}

func TestACustomerReadsTheirOwnMessagesPageByPageInTheLocaleOfTheMailOrTheirOwn(t *testing.T) {
	t.Parallel()
	s, cursor := open(t, inboxes(), ""), ""
	var subjects []string
	for range 3 {
		var page struct {
			Items      []struct{ Subject, Text string }
			NextCursor string `json:"next_cursor"`
		}
		err := json.Unmarshal([]byte(s.get("ann", "/v1/me/messages?limit=1"+cursor, 200)), &page)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%+v %v", page, err)
		}
		subjects = append(subjects, page.Items[0].Subject)
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		if last := len(subjects) == 3; last != (page.NextCursor == "") {
			t.Errorf("after %v: cursor %q", subjects, page.NextCursor)
		}
	}
	if subjects[0] != "Your order is confirmed" || subjects[1] == subjects[0] || subjects[2] != "Mugs" {
		t.Errorf("%q", subjects)
	}
	for customer, want := range map[string]string{"bob": subjects[1], "eve": subjects[0]} {
		if page := s.get(customer, "/v1/me/messages", 200); !strings.Contains(page, want) {
			t.Errorf("%s wants to read %q: %s", customer, want, page)
		}
	}
	s.get("", "/v1/me/messages", 401)
	for _, bad := range []string{"limit=0", "limit=201", "cursor=x", "customer=bob"} {
		s.get("ann", "/v1/me/messages?"+bad, 422)
	}
}

func TestALinkShowsItsMessageAndAnyOtherNothing(t *testing.T) {
	t.Parallel()
	s := open(t, inboxes(), "")
	token := func(audience, message string) string {
		text, err := httpserver.Mint(key, audience, message, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return letter.MessagePath + "?token=" + url.QueryEscape(text)
	}
	if page := s.get("", token(letter.Audience, "m0"), 200); !strings.Contains(page, "order0") || strings.Contains(page, "order1") {
		t.Error(page)
	}
	s.get("", token(letter.Audience, "m9"), 404)
	s.get("", token(httpserver.AudienceCustomers, "m0"), 404)
	s.get("", letter.MessagePath+"?token=x", 404)
	s.get("", letter.MessagePath, 422)
}

func TestBrowsersSubscribeWithTheShopsKeyWhereItHasOne(t *testing.T) {
	t.Parallel()
	if got := open(t, nil, "BCVx").get("", "/v1/push-key", 200); !strings.Contains(got, `"key":"BCVx"`) {
		t.Error(got)
	}
	open(t, nil, "").get("", "/v1/push-key", 404)
}
