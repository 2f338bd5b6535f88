package app

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service/servicetest"
)

var orders = flag.Int("orders", 200, "orders whose invoices are issued while processes are killed; make invoices takes 5000")

func TestMain(m *testing.M) { servicetest.Main(m, App) }

const partitions = 4

// site also reads what the service says.
type site struct {
	*servicetest.Site
	next map[int]int64 // by partition: where reading goes on
	said []saga.Event
}

// documents reads on in the service's topic and returns all invoices and credit notes in it, by number.
func (s *site) documents() (all map[string][]saga.Event) {
	s.Helper()
	for p := range partitions {
		_, ends, err := s.Kafka.Offsets(s.Context(), "invoice.events", []int{p})
		if err != nil {
			s.Fatal(err)
		}
		for s.next[p] < ends[p] {
			got, err := s.Kafka.Fetch(s.Context(), []kafka.Position{{Topic: "invoice.events", Partition: p, Offset: s.next[p]}},
				time.Second)
			if err != nil || got[0].Err != nil {
				s.Fatal(err, got)
			}
			for _, r := range got[0].Records {
				for _, kind := range []saga.Kind{event.Issued, event.CreditNoteIssued} {
					if r.Type != kind.Name() {
						continue
					}
					data, err := kind.Decode(r.Data)
					if err != nil {
						s.Fatal(err)
					}
					s.said = append(s.said, saga.Event{Type: r.Type, Key: r.Key, Data: data})
				}
			}
			s.next[p] = got[0].Next
		}
	}
	all = map[string][]saga.Event{}
	for _, e := range s.said {
		switch d := e.Data.(type) {
		case event.IssuedV1:
			all[d.Document.Number] = append(all[d.Document.Number], e)
		case event.CreditNoteIssuedV1:
			all[d.Document.Number] = append(all[d.Document.Number], e)
		}
	}
	return all
}

// id is the id of an order.
func id(n int) string { return fmt.Sprintf("018f0000-0000-7000-8000-%012d", n) }

// story is what the other services say of one order. Every fifth leaves in two parcels. Every third is refunded in part, some of
// these twice.
func story(n int) (events []saga.Event) {
	total := schemas.Money{Amount: 1250, Currency: "GBP"}
	events = []saga.Event{
		payment.Captured.About(id(n), payment.CapturedV1{Reference: "a", Amount: total}),
		order.Confirmed.About(id(n), order.ConfirmedV1{CustomerID: "ann", Total: total,
			Lines:  []schemas.Allocation{{SKU: "MUG", Quantity: 5, UnitPrice: 250, Warehouse: "LEEDS"}},
			ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}}),
	}
	shipment := ""
	if parcels(n) > 1 {
		events = events[1:]
		for i, pieces := range []int64{2, 3} {
			shipment = fmt.Sprint("parcel-", n, "-", i)
			events = append(events, payment.Captured.About(id(n), payment.CapturedV1{Reference: "a", ShipmentID: shipment,
				Amount: schemas.Money{Amount: pieces * 250, Currency: "GBP"},
				Lines:  []schemas.Allocation{{SKU: "MUG", Quantity: pieces, UnitPrice: 250, Warehouse: fmt.Sprint("W", i)}}}))
		}
	}
	for r := range refunds(n) {
		events = append(events, refund.Issued.About(id(n), refund.IssuedV1{RefundID: fmt.Sprint("refund-", n, "-", r),
			Reason: "returned", ShipmentID: shipment,
			Amount: schemas.Money{Amount: 250, Currency: "GBP"}}))
	}
	return events
}

func parcels(n int) int {
	if n%5 != 0 {
		return 1
	}
	return 2
}

func refunds(n int) int {
	if n%3 != 0 {
		return 0
	}
	return 1 + n%2
}

func TestTwoProcessesThatAreKilledAtRandomGiveEveryParcelOneInvoiceAndNumbersWithoutGapOrRepeat(t *testing.T) {
	s := &site{Site: servicetest.Open(t, App, partitions, ""), next: map[int]int64{}}
	s.Tell(catalog.ProductListed.About("MUG", catalog.ProductListedV1{Description: "A red mug",
		Price: schemas.Money{Amount: 250, Currency: "GBP"}}))
	running := []*servicetest.Process{s.Start(), s.Start()}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	const rounds = 5
	invoices, notes, wanted := 0, 0, 0
	for round := range rounds {
		for _, p := range running {
			s.Ready(p)
		}
		from, to := round**orders/rounds, (round+1)**orders/rounds
		last, victim := from+random.IntN(to-from), random.IntN(2)
		for n := from; n < to; n++ { // the process is killed while it works on what it has just heard
			s.Tell(story(n)...)
			invoices, notes, wanted = invoices+parcels(n), notes+refunds(n), wanted+parcels(n)+refunds(n)
			if n == last {
				running[victim].Kill()
				t.Logf("killed process %d: %d of %d documents were issued", victim, len(s.documents()), wanted)
				running[victim] = s.Start()
			}
		}
	}
	s.Until(fmt.Sprint(wanted, " documents"), func() bool { return len(s.documents()) >= wanted })
	all, of := s.documents(), map[string]int{}
	year := ""
	for number, events := range all {
		if len(events) != 1 {
			t.Errorf("%s was given %d times", number, len(events))
		}
		of[events[0].Key+" "+events[0].Type]++
		year = strings.Split(number, "-")[1]
	}
	for series, last := range map[string]int{"INV": invoices, "CN": notes} {
		for n := 1; n <= last; n++ {
			if all[fmt.Sprintf("%s-%s-%06d", series, year, n)] == nil {
				t.Errorf("%s-%s has no number %d of %d", series, year, n, last)
			}
		}
	}
	for n := range *orders {
		if of[id(n)+" invoice.issued.v1"] != parcels(n) || of[id(n)+" invoice.credit_note_issued.v1"] != refunds(n) {
			t.Errorf("order %d has %d invoices and %d credit notes, not %d and %d", n, of[id(n)+" invoice.issued.v1"],
				of[id(n)+" invoice.credit_note_issued.v1"], parcels(n), refunds(n))
		}
	}
	if len(all) != wanted {
		t.Errorf("%d documents, want %d", len(all), wanted)
	}
	s.serves(s.Ready(running[0]).Customers, s.Ready(running[1]).Customers)
}

// serves asks each process for documents of an order, as its customer and as another.
func (s *site) serves(urls ...string) {
	s.Helper()
	var files [][]byte
	for _, url := range urls {
		get := func(customer, path, accept string) (int, http.Header, []byte) {
			req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url+path, nil)
			if err != nil {
				s.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+s.Token(httpserver.AudienceCustomers, customer))
			req.Header.Set("Accept", accept)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				s.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				s.Fatal(err)
			}
			return res.StatusCode, res.Header, body
		}
		at := "/v1/orders/" + id(3)
		for _, path := range []string{"/invoice", "/credit-notes/1", "/credit-notes/2"} {
			code, header, body := get("ann", at+path, "application/pdf")
			if code != 200 || header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(body, []byte("%PDF-1.7")) {
				s.Errorf("%s: %d %v", path, code, header)
			}
			files = append(files, body)
			code, header, body = get("ann", at+path, "application/xml, application/pdf;q=0.5")
			if code != 200 || header.Get("Content-Type") != "application/xml" || !bytes.Contains(body, []byte("urn:cen.eu:en16931:2017")) {
				s.Errorf("%s: %d %v %s", path, code, header, body)
			}
			if path == "/invoice" && !bytes.Contains(body, []byte("<cbc:Name>A red mug</cbc:Name>")) {
				s.Errorf("does not name the product: %s", body)
			}
		}
		code, _, body := get("ann", "/v1/orders/"+id(15)+"/invoices", "")
		var list struct{ Items []struct{ Number string } }
		if err := json.Unmarshal(body, &list); err != nil || code != 200 || len(list.Items) != 2 {
			s.Errorf("%d %s", code, body)
		}
		for _, one := range list.Items {
			path := "/v1/orders/" + id(15) + "/invoices/" + one.Number
			if code, _, body := get("ann", path, "application/xml"); code != 200 || !bytes.Contains(body, []byte(one.Number)) {
				s.Errorf("%s: %d %s", path, code, body)
			}
			if code, _, _ := get("bob", path, ""); code != 404 {
				s.Errorf("another customer reads %s: %d", path, code)
			}
		}
		for _, c := range []struct {
			who, path, accept string
			want              int
		}{
			{"bob", at + "/invoice", "*/*", 404}, {"bob", at + "/credit-notes/1", "*/*", 404}, {"ann", at + "/credit-notes/3", "", 404},
			{"ann", at + "/credit-notes/0", "", 404}, {"ann", "/v1/orders/" + id(99_999_999) + "/invoice", "", 404},
			{"ann", "/v1/orders/x/invoice", "", 404}, {"bob", at + "/invoices", "", 404},
			{"ann", at + "/invoices/INV-2020-000001", "", 404},
			{"ann", at + "/invoice", "text/html", 406}, {"ann", at + "/invoice", "*/*", 200},
			{"ann", at + "/invoice", "application/pdf;q=0", 406}, {"ann", at + "/invoice", "text/html, application/*;q=0.1", 200},
		} {
			if code, _, body := get(c.who, c.path, c.accept); code != c.want {
				s.Errorf("%s %s as %q: %d %.200s", c.who, c.path, c.accept, code, body)
			}
		}
	}
	half := len(files) / 2
	if !slices.EqualFunc(files[:half], files[half:], bytes.Equal) {
		s.Error("two processes draw the same document differently")
	}
}
