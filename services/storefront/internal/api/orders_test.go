package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

func status(s string) saga.Event {
	return orders.StatusChanged.Of(orders.StatusChangedV1{Status: s, Text: "It is " + s + ".",
		Final: slices.Contains([]string{"completed", "rejected", "cancelled", "returned"}, s)})
}

func TestAnOrderReadsAsTheContractSays(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 2))
	s.show(id, orders.StatusChanged.Of(orders.StatusChangedV1{Status: "confirmed", Text: "All there.",
		Next: &orders.Next{Text: "Packing", By: "warehouse"}}),
		payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(500)}),
		shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: "s1", Carrier: "post", TrackingNumber: "T1"}))
	var got map[string]any
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&got)
	for _, entry := range got["timeline"].([]any) {
		delete(entry.(map[string]any), "at")
	}
	delete(got, "placed_at")
	var want map[string]any
	if err := json.Unmarshal([]byte(`{"id":"`+id+`","status":"confirmed","total":{"amount":500,"currency":"GBP"},
		"lines":[{"sku":"MUG","quantity":2,"ordered":2,"unfilled":0,"unit_price":{"amount":250,"currency":"GBP"}}],
		"refunds":[],"credit_notes":[],"fill_policy":"fill_all",
		"ship_to":{"name":"Ada","line1":"1 High St","city":"Leeds","postcode":"LS1 1AA","country":"GB"},
		"payment":{"state":"authorized","authorized":{"amount":500,"currency":"GBP"},
			"captured":{"amount":0,"currency":"GBP"},"refunded":{"amount":0,"currency":"GBP"},
			"charged_back":{"amount":0,"currency":"GBP"}},
		"shipments":[{"id":"s1","carrier":"post","tracking_number":"T1","state":"prepared"}],
		"returns":[],"cancellation_requested":false,
		"timeline":[{"status":"placed","text":"We have your order."},{"status":"confirmed","text":"All there."}],
		"next":{"text":"Packing","by":"warehouse"}}`), &want); err != nil {
		t.Fatal(err)
	}
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Fatalf("reads\n%s\nwant\n%s", g, w)
	}
}

func TestForeignAndAbsentOrdersAreTheSame(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	for _, c := range [][3]string{{"GET", "", ""}, {"GET", "/events", ""}, {"POST", "/cancellation", "{}"},
		{"POST", "/returns", `{"lines":[{"sku":"MUG","quantity":1}],"reason":"broken"}`}} {
		var answers []string
		for _, one := range []string{id, "018f0000-0000-7000-8000-000000000001", "nonsense", "%00", strings.ToUpper(id)} {
			a := s.ask("bob", c[0], "/v1/orders/"+one+c[1], c[2], "Idempotency-Key", s.newKey(), "X-Request-Id", "r1") // answers carry it
			a.problem(404, "not-found")
			answers = append(answers, fmt.Sprint(a.Header(), a.Body))
		}
		if len(slices.Compact(answers)) != 1 {
			t.Errorf("%s %s: %q", c[0], c[1], answers)
		}
		s.ask("", c[0], "/v1/orders/"+id+c[1], c[2]).problem(401, "unauthorized")
	}
}

func TestAnOrderShowsWhatWasAskedForAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3))
	var o Order
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&o)
	if o.ShipTo.Line1 == "" || o.FillPolicy != "fill_all" || o.Lines[0].Ordered != 3 || o.Lines[0].Unfilled != 0 ||
		len(o.Refunds) != 0 {
		t.Errorf("placed: %+v", o)
	}
	price := o.Lines[0].UnitPrice
	s.show(id, orders.Confirmed.Of(orders.ConfirmedV1{Total: schemas.Money{Amount: 2 * price.Amount, Currency: price.Currency},
		Lines: []schemas.Allocation{{SKU: "MUG", Quantity: 2, UnitPrice: price.Amount, Warehouse: "north"}}}),
		status("confirmed"), status("shipped"), status("delivered"))
	s.ask("ann", "POST", "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":1}],"reason":"broken"}`, "Idempotency-Key",
		"r").is(202)
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&o)
	before := time.Now()
	s.show(id, shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: o.Returns[0].ID, Reason: "not_received"}),
		refund.Issued.Of(refund.IssuedV1{RefundID: "f1", Reason: "lost", Amount: schemas.Money(price)}))
	s.ask("ann", "GET", "/v1/orders/"+id, "").is(200).read(&o)
	if want := (Line{SKU: "MUG", Quantity: 2, Ordered: 3, Unfilled: 1, UnitPrice: price}); len(o.Lines) != 1 || o.Lines[0] != want {
		t.Errorf("lines %+v, want %+v", o.Lines, want)
	}
	if r := o.Returns[0]; r.State != "refused" || r.Refusal != "not_received" || r.Reason != "broken" {
		t.Errorf("return %+v", r)
	}
	if r := o.Refunds; len(r) != 1 || r[0] != (Refund{ID: "f1", At: r[0].At, Amount: price, Reason: "lost"}) ||
		r[0].At.Before(before.Truncate(time.Millisecond)) || r[0].At.After(time.Now()) {
		t.Errorf("refunds %+v", r)
	}
}

func TestAListIsTheCustomersOwnNewestFirstInPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for i := range 5 {
		want = append(want, s.place("ann", fmt.Sprint("k", i), order("MUG", 1)))
		s.place("bob", fmt.Sprint("k", i), order("BAG", 1))
	}
	slices.Reverse(want)
	var got []string
	for path := "/v1/orders?limit=2"; ; {
		var page struct {
			Items []Order
			Next  string `json:"next_cursor"`
		}
		s.ask("ann", "GET", path, "").is(200).read(&page)
		for _, o := range page.Items {
			got = append(got, o.ID)
		}
		if page.Next == "" {
			break
		}
		path = "/v1/orders?limit=2&cursor=" + page.Next
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v want %v", got, want)
	}
	if body := s.ask("eve", "GET", "/v1/orders", "").is(200).Body.String(); strings.TrimSpace(body) != `{"items":[]}` {
		t.Fatalf("an empty list reads %s", body)
	}
	for _, q := range []string{"limit=0", "limit=101", "limit=x", "cursor=%21", "cursor=AAAA", "offset=3"} {
		s.ask("ann", "GET", "/v1/orders?"+q, "").problem(422, "invalid")
	}
}

func TestListsThatHaveNotChangedAreNotSentAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	for _, path := range []string{"/v1/orders", "/v1/products", "/v1/products?q=MUG"} {
		tag := s.ask("ann", "GET", path, "").is(200).Header().Get("ETag")
		if a := s.ask("ann", "GET", path, "", "If-None-Match", tag).is(304); tag == "" || a.Body.Len() != 0 {
			t.Errorf("%s: tag %s, then %s", path, tag, a.Body)
		}
	}
	tag := s.ask("ann", "GET", "/v1/orders", "").is(200).Header().Get("ETag")
	s.show(id, status("confirmed"))
	s.ask("ann", "GET", "/v1/orders", "", "If-None-Match", tag).is(200)
}

func TestATracedRequestNamesTheSagaThatItGoesOnAs(t *testing.T) {
	t.Parallel()
	s := open(t)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k0").is(202)
	if s.log.Len() != 0 {
		t.Errorf("got %s", s.log.String())
	}
	a := s.ask("ann", "POST", "/v1/orders", order("MUG", 1), "Idempotency-Key", "k1",
		"traceparent", trace, "X-Request-Id", "r1").is(202)
	id := strings.TrimPrefix(a.Header().Get("Location"), "/v1/orders/")
	for _, part := range []string{"order=" + id, "traceparent=" + trace, "request_id=r1"} {
		if !strings.Contains(s.log.String(), part) {
			t.Errorf("%s is missing in %s", part, s.log.String())
		}
	}
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	for i, path := range []string{"/v1/orders/" + id, "/v1/products/MUG"} {
		tag := s.ask("ann", "GET", path, "").is(200).Header().Get("ETag")
		if a := s.ask("ann", "GET", path, "", "If-None-Match", tag).is(304); tag == "" || a.Body.Len() != 0 || a.Header().
			Get("ETag") != tag {
			t.Errorf("%s: tag %s, then %v %s", path, tag, a.Header(), a.Body)
		}
		s.show(id, status([]string{"confirmed", "preparing"}[i]))
		p := s.goods["MUG"]
		p.Available--
		s.goods["MUG"] = p
		s.ask("ann", "GET", path, "", "If-None-Match", tag).is(200)
	}
}

func TestACancellationIsTakenUntilTheGoodsLeave(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct {
		shown, body string
		code        int
	}{
		{"", `{"reason":"changed my mind"}`, 202}, {"confirmed", ``, 202}, {"preparing", `{}`, 202},
		{"shipped", `{}`, 409}, {"delivered", `{}`, 409}, {"completed", `{}`, 409}, {"cancelled", `{}`, 409}, {"rejected", `{}`, 409},
	} {
		id := s.place("ann", "k-"+c.shown, order("MUG", 1))
		s.said = nil
		if c.shown != "" {
			s.show(id, status(c.shown))
		}
		path := "/v1/orders/" + id + "/cancellation"
		if c.code == 409 {
			s.ask("ann", "POST", path, c.body).problem(409, "too-late-to-cancel")
			continue
		}
		for range 2 {
			var o Order
			s.ask("ann", "POST", path, c.body).is(202).read(&o)
			if !o.CancellationRequested || len(s.said) != 1 {
				t.Fatalf("%s: %+v, said %v", c.shown, o, s.said)
			}
		}
		s.show(id, status("cancelled"))
		s.ask("ann", "POST", path, c.body).is(202)
		if len(s.said) != 1 {
			t.Fatalf("%s: asked again after the end", c.shown)
		}
	}
	id := s.place("ann", "kx", order("MUG", 1))
	s.ask("ann", "POST", "/v1/orders/"+id+"/cancellation", "{}").is(202)
	s.show(id, status("shipped"))
	s.ask("ann", "POST", "/v1/orders/"+id+"/cancellation", "{}").problem(409, "too-late-to-cancel")
	s.ask("ann", "POST", "/v1/orders/"+id+"/cancellation", `{"why":1}`).problem(422, "invalid")
}

func TestGoodsGoBackOnceTheyArrivedAndNoMoreOfThemThanArrived(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3, "BAG", 1))
	path, two := "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":2}],"reason":"broken"}`
	s.ask("ann", "POST", path, two, "Idempotency-Key", s.newKey()).problem(409, "not-delivered")
	s.show(id, status("shipped"))
	s.ask("ann", "POST", path, two, "Idempotency-Key", s.newKey()).problem(409, "not-delivered")
	s.show(id, status("delivered"))
	var r Return
	s.ask("ann", "POST", path, two, "Idempotency-Key", s.newKey()).is(202).read(&r)
	if last := s.said[len(s.said)-1].Data.(event.ReturnRequestedV1); last.ReturnID != r.ID || r.State != "requested" ||
		last.Lines[0].Quantity != 2 {
		t.Fatalf("emitted %+v, answered %+v", last, r)
	}
	for body, places := range map[string]string{
		two: "body.lines[0].quantity",
		`{"lines":[{"sku":"MUG","quantity":1},{"sku":"CUP","quantity":1},{"sku":"MUG","quantity":1}],"reason":"x"}`: strings.Join(
			[]string{"body.lines[1].sku", "body.lines[2].quantity"}, " "),
		`{"lines":[],"reason":"x"}`:                          "body.lines",
		`{"lines":[{"sku":"MUG","quantity":0}],"reason":""}`: "body.lines[0].quantity body.reason",
	} {
		if got := strings.Join(s.ask("ann", "POST", path, body, "Idempotency-Key", s.newKey()).problem(422, "invalid"),
			" "); got != places {
			t.Errorf("%s: %s, want %s", body, got, places)
		}
	}
	s.show(id, status("completed"))
	s.ask("ann", "POST", path, `{"lines":[{"sku":"MUG","quantity":1},{"sku":"BAG","quantity":1}],"reason":"broken"}`,
		"Idempotency-Key", s.newKey()).is(202)
	s.ask("ann", "POST", path, `{"lines":[{"sku":"BAG","quantity":1}],"reason":"broken"}`, "Idempotency-Key", s.newKey()).
		problem(422, "invalid")
}

func TestOfTwoReturnsAtOnceTheOneThatAsksTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3))
	s.show(id, status("delivered"))
	path, two := "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":2}],"reason":"broken"}`
	s.before = func() error { // the other comes between the read and the decision
		s.before = func() error { return nil }
		s.ask("ann", "POST", path, two, "Idempotency-Key", s.newKey()).is(202)
		return nil
	}
	if got := s.ask("ann", "POST", path, two, "Idempotency-Key", s.newKey()).
		problem(422, "invalid"); !slices.Equal(got, []string{"body.lines[0].quantity"}) {
		t.Fatalf("refused for %v", got)
	}
}

func TestAReturnThatIsSentAgainIsAnsweredAsItWasFirstAndOneReturn(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3))
	s.show(id, status("delivered"))
	path, one := "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":1}],"reason":"broken"}`
	s.ask("ann", "POST", path, one).problem(400, "idempotency-key")
	first := s.ask("ann", "POST", path, one, "Idempotency-Key", "k1").is(202)
	var r Return
	first.read(&r)
	repeat := func(when string) {
		t.Helper()
		again := s.ask("ann", "POST", path, one, "Idempotency-Key", "k1").is(202)
		if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %v %s, first %s", when, again.Header(), again.Body, first.Body)
		}
	}
	repeat("at once")
	s.show(id, shipping.ReturnAuthorized.Of(shipping.ReturnAuthorizedV1{ReturnID: r.ID, Carrier: "swift", TrackingNumber: "SW1"}))
	repeat("when there is a label")
	for _, c := range s.claims.All() { // the process died before it answered
		s.claims.Lose(c.Name)
	}
	repeat("after the process died")
	for _, other := range []string{strings.Replace(one, `"quantity":1`, `"quantity":2`, 1), strings.Replace(one, "MUG", "NONE", 1),
		`{"lines":[]}`} {
		s.ask("ann", "POST", path, other, "Idempotency-Key", "k1").problem(422, "idempotency-key-reused")
	}
	if n := len(s.orders[id].Returns); n != 1 {
		t.Fatalf("%d returns", n)
	}
	s.ask("ann", "POST", path, one, "Idempotency-Key", "k2").is(202)
	if n := len(s.orders[id].Returns); n != 2 {
		t.Fatalf("%d returns: another key is another return", n)
	}
}

func TestACancellationThatIsSentAgainIsAnsweredAsItWasFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 3))
	path := "/v1/orders/" + id + "/cancellation"
	first := s.ask("ann", "POST", path, `{"reason":"too late"}`, "Idempotency-Key", "k1").is(202)
	s.show(id, status("shipped")) // it came too late
	repeat := func(want string) {
		t.Helper()
		again := s.ask("ann", "POST", path, `{"reason":"too late"}`, "Idempotency-Key", "k1").is(202)
		if again.Header().Get("Idempotent-Replayed") != "true" || want != "" && again.Body.String() != want {
			t.Errorf("%v %s, first %s", again.Header(), again.Body, first.Body)
		}
	}
	repeat(first.Body.String())
	for _, c := range s.claims.All() { // the process died before it answered
		s.claims.Lose(c.Name)
	}
	repeat("")
	s.ask("ann", "POST", path, `{"reason":"another"}`, "Idempotency-Key", "k1").problem(422, "idempotency-key-reused")
	s.ask("ann", "POST", path, `{"reason":"another"}`, "Idempotency-Key", "k2").problem(409, "too-late-to-cancel")
}

func TestARefusedReturnLeavesItsGoodsToBeSentBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	s.show(id, status("completed"))
	path, one := "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":1}],"reason":"broken"}`
	var r Return
	s.ask("ann", "POST", path, one, "Idempotency-Key", s.newKey()).is(202).read(&r)
	s.ask("ann", "POST", path, one, "Idempotency-Key", s.newKey()).problem(422, "invalid")
	s.show(id, shipping.ReturnRefused.Of(shipping.ReturnRefusedV1{ReturnID: r.ID, Reason: "not_received"}))
	s.ask("ann", "POST", path, one, "Idempotency-Key", s.newKey()).is(202)
	s.ask("ann", "POST", path, one, "Idempotency-Key", s.newKey()).problem(422, "invalid")
}

func TestProductsAreForEverybodyInPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	var p Product
	s.ask("", "GET", "/v1/products/MUG", "").is(200).read(&p)
	if p != (Product{SKU: "MUG", Description: "A mug", Price: Money(pounds(250)), Available: 7, Backorderable: true}) {
		t.Fatalf("reads %+v", p)
	}
	s.ask("", "GET", "/v1/products/OLD", "").is(200).read(&p)
	if !p.Withdrawn || p.Available != 0 || p.Backorderable {
		t.Errorf("of one that was withdrawn customers read %+v", p)
	}
	s.ask("", "GET", "/v1/products/CUP", "").problem(404, "not-found")
	s.ask("", "GET", "/v1/products/%00", "").problem(422, "invalid")
	var page struct {
		Items []Product
		Next  string `json:"next_cursor"`
	}
	s.ask("", "GET", "/v1/products?limit=3", "").is(200).read(&page)
	if len(page.Items) != 3 || page.Items[0].SKU != "BAG" || page.Next == "" {
		t.Fatalf("first page %+v", page)
	}
	next := page.Next
	page.Next = ""
	s.ask("", "GET", "/v1/products?limit=3&cursor="+next, "").is(200).read(&page)
	if len(page.Items) != 1 || page.Items[0].SKU != "MUG" || page.Next != "" {
		t.Fatalf("second page %+v", page)
	}
	s.ask("", "GET", "/v1/products?q=JUMBO", "").is(200).read(&page)
	if len(page.Items) != 1 || page.Items[0].SKU != "BAG" {
		t.Fatalf("found %+v", page)
	}
}

func TestTheAPIDescribesItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	var d struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Security   []map[string][]string
			Parameters []struct {
				Name     string
				Required bool
			}
			Responses map[string]any
		}
	}
	s.ask("", "GET", "/openapi.json", "").is(200).read(&d)
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", d.OpenAPI)
	}
	for path, methods := range map[string]string{"/v1/products": "get", "/v1/products/{sku}": "get", "/v1/orders": "get post",
		"/v1/orders/{id}":        "get",
		"/v1/orders/{id}/events": "get", "/v1/orders/{id}/cancellation": "post", "/v1/orders/{id}/returns": "post"} {
		for _, m := range strings.Fields(methods) {
			op, ok := d.Paths[path][m]
			if !ok || (len(op.Security) == 0) != strings.Contains(path, "products") {
				t.Errorf("%s %s: described %v, security %v", m, path, ok, op.Security)
			}
		}
	}
	place := d.Paths["/v1/orders"]["post"]
	for _, code := range []string{"202", "400", "401", "409", "413", "415", "422", "503"} {
		if place.Responses[code] == nil {
			t.Errorf("placing an order is not said to answer %s", code)
		}
	}
	for path, needed := range map[string]bool{"/v1/orders": true, "/v1/orders/{id}/returns": true,
		"/v1/orders/{id}/cancellation": false} {
		if !slices.ContainsFunc(d.Paths[path]["post"].Parameters, func(p struct {
			Name     string
			Required bool
		}) bool {
			return p.Name == "Idempotency-Key" && p.Required == needed
		}) {
			t.Errorf("%s: the key is not described, needed %v", path, needed)
		}
	}
	s.ask("", "GET", "/docs", "").is(200)
	s.ask("", "DELETE", "/v1/orders", "").problem(405, "method-not-allowed")
}

func TestEveryFaultOfAReturnIsNamedInOneAnswer(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	s.show(id, status("delivered"))
	a := s.ask("ann", "POST", "/v1/orders/"+id+"/returns", `{"lines":[{"sku":"MUG","quantity":0},
		{"sku":"CUP","quantity":1},{"sku":"MUG","quantity":2},{"quantity":1}]}`, "Idempotency-Key", s.newKey())
	want := []string{"body.lines[0].quantity", "body.lines[1].sku", "body.lines[2].quantity", "body.lines[3].sku", "body.reason"}
	if got := a.problem(422, "invalid"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v: %s", got, want, a.Body)
	}
}

func TestBytesThatAreNoTextAreRefusedAndASlashMayBePartOfASKU(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, path := range []string{"/v1/products?q=%ff", "/v1/products?q=%zz", "/v1/products?q=a;b"} {
		s.ask("", "GET", path, "").problem(400, "malformed")
	}
	s.ask("", "GET", "/v1/products/%ff", "").problem(404, "not-found")
	s.goods["1/2"] = s.goods["MUG"]
	s.ask("", "GET", "/v1/products/1%2F2", "").is(200)
}

func TestACardNumberInAReasonIsRefusedAtItsField(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	s.show(id, status("delivered"))
	for _, number := range []string{"4111.1111.1111.1111", "4111\u00a01111\u00a01111\u00a01111"} {
		for path, body := range map[string]string{
			"/cancellation": `{"reason":"card %s"}`,
			"/returns":      `{"lines":[{"sku":"MUG","quantity":1}],"reason":"card %s"}`,
		} {
			a := s.ask("ann", "POST", "/v1/orders/"+id+path, fmt.Sprintf(body, number), "Idempotency-Key", s.newKey())
			if places := a.problem(422, "card-number"); !slices.Equal(places, []string{"body.reason"}) {
				t.Errorf("%s: %s", path, a.Body)
			}
		}
	}
}
