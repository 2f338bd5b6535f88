package letter

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/httpserver"
)

var key = bytes.Repeat([]byte("k"), 32)

func writer() Writer {
	return Writer{Wording: wording.Standard(), Shop: "Shop", PublicURL: "https://shop.example.com/",
		Key: func() ([]byte, error) { return key, nil }}
}

// opens verifies that a link leads to the path, and returns whom its token is for.
func opens(t *testing.T, link, path, audience string) string {
	t.Helper()
	at, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, "https://shop.example.com"+path+"?") {
		t.Fatalf("%s %v", link, err)
	}
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := auth.Verify(at.Query().Get("token"), audience)
	if err != nil {
		t.Error(err)
	}
	for _, other := range []string{Audience, httpserver.AudienceUnsubscribe, httpserver.AudienceCustomers,
		httpserver.AudienceOperators} {
		if _, err := auth.Verify(at.Query().Get("token"), other); err == nil && other != audience {
			t.Errorf("the link of %s works as one of %s", audience, other)
		}
	}
	return subject
}

func TestALinkLeadsToItsOwnMessageAndIsGoodForNothingElse(t *testing.T) {
	t.Parallel()
	l, err := writer().Order("en", event.Message{ID: "o:confirmed", Kind: notification.Confirmed, OrderID: "o"})
	if err != nil || !strings.Contains(l.Text, l.Link) || !strings.Contains(l.HTML, "https://shop.example.com"+MessagePath) {
		t.Fatalf("%+v %v", l, err)
	}
	if of := opens(t, l.Link, MessagePath, Audience); of != "o:confirmed" {
		t.Error(of)
	}
}

func TestAPromotionHasALinkThatEndsPromotionsForItsCustomerAlone(t *testing.T) {
	t.Parallel()
	offer := event.PromotionOfferedV1{PromotionID: "p", CustomerID: "ann", Locale: "de"}
	l, unsubscribe, err := writer().Promotion(offer, event.PromotionPublishedV1{Title: "Mugs", Text: "<b>All</b> mugs cost less."})
	if err != nil || !strings.Contains(l.Text, unsubscribe) || strings.Contains(l.HTML, "<b>All") {
		t.Fatalf("%+v %v", l, err)
	}
	if of := opens(t, unsubscribe, unsubscribePath, httpserver.AudienceUnsubscribe); of != "ann" {
		t.Error(of)
	}
	if of := opens(t, l.Link, MessagePath, Audience); of != notification.OfferID(offer) {
		t.Error(of)
	}
}
