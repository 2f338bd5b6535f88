package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/database"
)

func TestAnOrderIsPricedTakenAndToldWhereItIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := s.ask("ann", "POST", "/v1/orders", order("MUG", 2, "BAG", 1, "MUG", 1), "Idempotency-Key", `"k1"`).is(202)
	var placed PlacedOrder
	a.read(&placed)
	if placed.Status != "placed" || placed.Total != Money(pounds(945)) || a.Header().Get("Location") != "/v1/orders/"+placed.ID ||
		a.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("%v %s", a.Header(), a.Body)
	}
	want := event.OrderPlacedV1{
		CustomerID: "ann", Total: pounds(945), Email: "ada@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all",
		Lines:  []schemas.Line{{SKU: "MUG", Quantity: 3, UnitPrice: 250}, {SKU: "BAG", Quantity: 1, UnitPrice: 195}},
		ShipTo: schemas.Address{Name: "Ada", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"},
	}
	if got, is := s.said[0].Data.(event.OrderPlacedV1); is && got.Request != nil {
		want.Request = &schemas.Request{Caller: "ann", Route: "/v1/orders", Key: "k1", ID: placed.ID,
			Fingerprint: got.Request.Fingerprint}
	}
	if got, is := s.said[0].Data.(event.OrderPlacedV1); is && got.Backorder != nil {
		if until, err := time.Parse(time.RFC3339, got.Backorder.Until); err != nil || time.Until(until) > backorderWithin ||
			time.Until(until) < backorderWithin-time.Hour {
			t.Errorf("it waits until %q", got.Backorder.Until)
		}
		want.Backorder = &schemas.Backorder{SKUs: []string{"MUG"}, Until: got.Backorder.Until}
	}
	if len(s.said) != 1 || want.Request == nil || want.Backorder == nil ||
		len(want.Request.Fingerprint) != 64 || s.said[0].Key != placed.ID ||
		!reflect.DeepEqual(s.said[0].Data, want) {
		t.Fatalf("emitted %+v", s.said)
	}
}

func TestTheSameKeyGivesTheSameAnswerByteForByteAndOneOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1").is(202)
	s.goods["MUG"] = s.goods["BAG"] // another price now
	for _, header := range []string{"k1", `"k1"`} {
		again := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", header).is(202)
		if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
			again.Header().Get("Location") != first.Header().Get("Location") {
			t.Fatalf("first %s then %v %s", first.Body, again.Header(), again.Body)
		}
	}
	other := s.ask("bob", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1").is(202)
	if other.Body.String() == first.Body.String() || len(s.said) != 2 {
		t.Fatal("another customer's key is another key")
	}
}

func TestARepeatIsAnsweredAsAtFirstAlthoughTheOrderCouldNotBePlacedAnyMore(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := order("MUG", 1, "BAG", 1)
	first := s.ask("ann", "POST", "/v1/orders", body, "Idempotency-Key", "k1").is(202)
	for what, change := range map[string]func(){
		"listed in another currency": func() { s.goods["MUG"] = s.goods["EURO"] },
		"not listed any more":        func() { delete(s.goods, "MUG") },
		"too dear":                   func() { s.goods["MUG"] = s.goods["GOLD"] },
	} {
		change()
		again := s.ask("ann", "POST", "/v1/orders", body, "Idempotency-Key", "k1").is(202)
		if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %v %s", what, again.Header(), again.Body)
		}
	}
	if len(s.said) != 1 {
		t.Fatalf("emitted %v", s.said)
	}
}

func TestAKeyThatCameWithAnotherOrderIsRefusedHoweverInvalidThisOneIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.place("ann", "k1", order("MUG", 1))
	for _, body := range []string{order("MUG", 2), order("NONE", 1), order("MUG", 0), order("EURO", 1, "MUG", 1),
		`{"lines":[]}`, `{"lines":`, ``} {
		s.ask("ann", "POST", "/v1/orders", body, "Idempotency-Key", "k1").problem(422, "idempotency-key-reused")
	}
	if len(s.said) != 1 {
		t.Fatal("it was placed")
	}
}

func TestAnOrderWithoutAUsableKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, k := range []string{"", "  ", `""`, `"open`, `"two" words"`, `"bad\escape"`, strings.Repeat("k", 256), "kéy"} {
		s.ask("ann", "POST", "/v1/orders", "not even JSON", "Idempotency-Key", k).problem(400, "idempotency-key")
	}
	s.place("ann", `"`+strings.Repeat("k", 253)+`\""`, order("MUG", 1))
	s.place("ann", strings.Repeat("k", 255), order("MUG", 1))
}

func TestASecondRequestWithAKeyWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	s.before = func() error { close(entered); <-leave; return nil }
	var first answer
	var done sync.WaitGroup
	done.Go(func() { first = s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1") })
	<-entered
	a := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1")
	close(leave)
	done.Wait()
	a.problem(409, "idempotency-key-in-use")
	if a.Header().Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	first.is(202)
}

func TestARefusedOrderLeavesItsKeyUnused(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.ask("ann", "POST", "/v1/orders", order("NONE", 1), "Idempotency-Key", "k1").problem(422, "invalid")
	s.ask("ann", "POST", "/v1/orders", order("MUG", 0), "Idempotency-Key", "k1").problem(422, "invalid")
	if all := s.claims.All(); len(all) != 0 {
		t.Fatalf("claims: %v", all)
	}
	s.place("ann", "k1", order("MUG", 1))
}

func TestARepeatPlacesWhatWasClaimedButNotPlaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error
		then    int
	}{
		"nothing happened":   {errors.New("disk on fire"), 202},
		"nobody knows":       {fmt.Errorf("commit: %w", database.ErrCommitUnknown), 409},
		"the process ended":  {errors.New("gone"), 409},
		"the claim ran out":  {errors.New("gone"), 202},
		"it was placed once": {nil, 202},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.before = func() error { return c.failure }
			first := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1")
			claim := s.claims.All()[0]
			switch name {
			case "nobody knows":
				first.problem(503, "unavailable")
			case "the process ended":
				s.claims.SetBusy(claim.Name, true)
			case "the claim ran out":
				s.claims.SetBusy(claim.Name, false)
			case "it was placed once":
				first.is(202)
			default:
				first.problem(500, "internal")
			}
			s.before = func() error { return nil }
			s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1").is(c.then)
			if c.then == 202 && (len(s.said) != 1 || s.said[0].Key != claim.ID) {
				t.Fatalf("claimed %s, emitted %+v", claim.ID, s.said)
			}
		})
	}
}

func TestACustomerWhoLeavesHasOrderedAllTheSame(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, leave := context.WithCancel(context.Background())
	s.before = func() error { leave(); return nil }
	s.engine.ServeHTTP(&nobody{header: http.Header{}}, s.request("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key",
		"k1").WithContext(ctx))
	if len(s.said) != 1 {
		t.Fatal("the order is lost")
	}
}

type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header     { return n.header }
func (*nobody) Write([]byte) (int, error) { return 0, errors.New("gone") }
func (*nobody) WriteHeader(int)           {}

func TestEveryFaultOfAnOrderIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.goods["GIFT"] = storefront.Product{SKU: "GIFT", Listed: true, Price: pounds(0)}
	many := strings.TrimSuffix(strings.Repeat(`{"sku":"MUG","quantity":1},`, 201), ",")
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		old, new string
		places   string
	}{
		{`"quantity":1`, `"quantity":0`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":-1`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":1000001`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":2147483649`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":9223372036854775808`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":1.0`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":1e3`, "body.lines[0].quantity"},
		{`"quantity":1`, `"quantity":"1"`, "body.lines[0].quantity"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"EURO","quantity":600000},{"sku":"EURO","quantity":400001}`, "body.lines[1].quantity"},
		{`{"sku":"MUG","quantity":1}`, ``, "body.lines"},
		{`{"sku":"MUG","quantity":1}`, many, "body.lines"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"MUG","quantity":1},{"sku":"GONE","quantity":1},{"sku":"LOST","quantity":1}`,
			"body.lines[1].sku body.lines[2].sku"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"MUG","quantity":1},{"sku":"EURO","quantity":1}`, "body.lines[1].sku"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"MUG","quantity":1},{"sku":"OLD","quantity":1}`, "body.lines[1].sku"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"GOLD","quantity":1},{"sku":"GOLD","quantity":2}`, "body.lines[1]"},
		{`{"sku":"MUG","quantity":1}`, `{"sku":"GOLD","quantity":1000000}`, "body.lines[0]"},
		{`"MUG"`, `"GIFT"`, "body.lines"}, // it could only be rejected
		{`"MUG"`, `"M\nUG"`, "body.lines[0].sku"},
		{`"MUG"`, `""`, "body.lines[0].sku"},
		{`"sku":"MUG",`, `"sku":"MUG","price":1,`, "body.lines[0].price"},
		{`"email":`, `"coupon":"FREE","email":`, "body.coupon"},
		{`"country":"GB"`, `"country":"UK"`, "body.ship_to.country"},
		{`"country":"GB"`, `"country":"gb"`, "body.ship_to.country"},
		{`"country":"GB"`, `"country":"AQ"`, "body.ship_to.country"},
		{`"country":"GB"`, `"country":"GBR"`, "body.ship_to.country"},
		{`"name":"Ada"`, `"name":"   "`, "body.ship_to.name"},
		{`"name":"Ada"`, `"name":"` + long + `"`, "body.ship_to.name"},
		{`"city":"Leeds",`, ``, "body.ship_to.city"},
		{`"line1":"1 High St"`, `"line1":"1 High\u0007St"`, "body.ship_to.line1"},
		{`"ada@example.com"`, `"ada"`, "body.email"},
		{`"ada@example.com"`, `"Ada <ada@example.com>"`, "body.email"},
		{`"ada@example.com"`, `"ada@localhost"`, "body.email"},
		{`"ada@example.com"`, `"` + long + `@example.com"`, "body.email"},
		{`"tok_ok"`, `"ok"`, "body.payment_token"},
		{`"tok_ok"`, `"tok_OK"`, "body.payment_token"},
		{`"tok_ok"`, `"tok_` + long + `"`, "body.payment_token"},
		{`"email":`, `"fill_policy":"fill_some","email":`, "body.fill_policy"},
		{`"email":`, `"fill_policy":null,"email":`, "body.fill_policy"},
	} {
		body := strings.Replace(order("MUG", 1), c.old, c.new, 1)
		a := s.ask("ann", "POST", "/v1/orders", body, "Idempotency-Key", "k")
		if got := a.problem(422, "invalid"); strings.Join(got, " ") != c.places {
			t.Errorf("%.80s for %.40s: %v, want %s\n%s", c.new, c.old, got, c.places, a.Body)
		}
		if strings.Contains(a.Body.String(), long) || strings.Contains(a.Body.String(), "LS1 1AA") {
			t.Errorf("%.80s: the answer repeats the request: %s", c.new, a.Body)
		}
	}
	a := s.ask("ann", "POST", "/v1/orders",
		`{"lines":[{"sku":"MUG","quantity":0},{"quantity":1}],"ship_to":{"name":" ","country":"ZZ"},"email":"x"}`,
		"Idempotency-Key", "k")
	want := "body.email body.lines[0].quantity body.lines[1].sku body.payment_token body.ship_to.city body.ship_to.country " +
		"body.ship_to.line1 body.ship_to.name body.ship_to.postcode"
	if got := strings.Join(a.problem(422, "invalid"), " "); got != want {
		t.Errorf("all at once: %s\nwant %s\n%s", got, want, a.Body)
	}
	if len(s.said) != 0 || len(s.claims.All()) != 0 {
		t.Fatal("a refused order left a claim or an event")
	}
}

func TestABodyThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	ask := func(body string, headers ...string) answer {
		return s.ask("ann", "POST", "/v1/orders", body, append(headers, "Idempotency-Key", "k")...)
	}
	ask("{").problem(400, "malformed")
	ask("").is(400)
	ask(order("MUG", 1)+"{}").problem(400, "malformed")
	ask(order("MUG", 1), "Content-Type", "text/plain").problem(415, "media-type")
	ask(`{"lines":[`+strings.TrimSuffix(strings.Repeat(`{"sku":"MUG","quantity":1},`, 10_000), ",")+`]}`).problem(413, "too-large")
	ask(strings.Replace(order("MUG", 1), "tok_ok", "4111 1111 1111 1111", 1)).problem(422, "card-number")
	s.ask("", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k").problem(401, "unauthorized")
}

func BenchmarkPlaceOrder(b *testing.B) {
	s := open(b)
	s.before = func() error { return nil }
	request := s.request("ann", "POST", "/v1/orders", "")
	token := request.Header.Get("Authorization")
	body := order("MUG", 2, "BAG", 1, "EURO", 1)
	s.goods["EURO"] = s.goods["BAG"]
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		s.ask("", "POST", "/v1/orders", body, "Authorization", token, "Idempotency-Key", fmt.Sprint("k", n)).is(202)
	}
}

func TestAnOrderThatIsNotAdmittedIsNotPlacedAndARepeatIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1").is(202)
	s.full = true
	a := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k2")
	a.problem(503, "overloaded")
	if a.Header().Get("Retry-After") != "3" || len(s.said) != 1 || len(s.claims.All()) != 1 {
		t.Fatalf("%v, said %v, claims %v", a.Header(), s.said, s.claims.All())
	}
	again := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1").is(202)
	if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Fatalf("%v %s", again.Header(), again.Body)
	}
	s.ask("ann", "POST", again.Header().Get("Location")+"/cancellation", "").is(202)
	s.full = false
	s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k2").is(202)
}
