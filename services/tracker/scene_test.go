package tracker

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// till is the state of every service in these tests: the events it has emitted, and for which order.
type till struct {
	Said   []string
	ShipTo schemas.Address
}

var (
	placeOrder = saga.Command[storefront.OrderPlacedV1]("place_order")
	authorize  = saga.Ask[payment.AuthorizationRequestedV1, string]("gateway.authorize")
	void       = saga.Ask[payment.VoidRequestedV1, string]("gateway.void")
)

func on[E any](heard saga.Type[E], emits ...saga.Kind) saga.Row {
	return saga.On(heard, func(till, E) []saga.Event { return nil }, emits...)
}

func service(name string, rows ...saga.Row) *saga.Machine {
	return saga.Choreography[till]{
		Service: name,
		Blank:   func(string) till { return till{} },
		Evolve: func(s till, e saga.Event) till {
			s.Said = append(append([]string(nil), s.Said...), e.Type)
			if v, ok := e.Data.(order.ValidatedV1); ok {
				s.ShipTo = v.ShipTo
			}
			return s
		},
		Rows: rows,
	}.Machine()
}

// machines are a small shop: an order is placed, validated, paid for and completed, or cancelled and its payment voided.
func machines() []*saga.Machine {
	nothing := func(till, string) []saga.Event { return nil }
	return []*saga.Machine{
		service("storefront", on(placeOrder, storefront.OrderPlaced),
			saga.Show(order.StatusChanged, func(s till, _ order.StatusChangedV1, _ time.Time) till { return s })),
		service("order",
			on(storefront.OrderPlaced, order.Validated, order.StatusChanged),
			on(payment.Authorized, order.Confirmed, order.StatusChanged),
			on(payment.Declined, order.Cancelled, order.StatusChanged),
			on(payment.Voided, order.StatusChanged),
			saga.After(30*time.Minute, order.Validated, func(till, order.ValidatedV1) []saga.Event { return nil }, order.Cancelled).
				Settled(order.Confirmed, order.Cancelled)),
		service("inventory", on(order.Validated, inventory.StockChanged)),
		service("payment",
			on(order.Validated, payment.AuthorizationRequested),
			saga.Call(payment.AuthorizationRequested, authorize, nothing, payment.Authorized, payment.Declined).
				DroppedBy(payment.OutcomeUnknown, payment.VoidRequested),
			saga.After(2*time.Minute, payment.AuthorizationRequested,
				func(till, payment.AuthorizationRequestedV1) []saga.Event { return nil }, payment.OutcomeUnknown).
				Settled(payment.Authorized, payment.Declined),
			on(order.Cancelled, payment.VoidRequested).Compensates(payment.Authorized),
			saga.Call(payment.VoidRequested, void, nothing, payment.Voided).UntilAnswered(time.Hour)),
	}
}

// scene is the records on the topics, and the reports of the services.
type scene struct {
	records []Record
	reports []Report
	numbers map[where]int64
	start   time.Time
}

func newScene() *scene {
	return &scene{numbers: map[where]int64{}, start: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// at is so many seconds after the scene begins.
func (s *scene) at(seconds float64) time.Time {
	return s.start.Add(time.Duration(seconds * float64(time.Second)))
}

// partitionOf keeps some of the keys of these tests apart.
func partitionOf(key string) int {
	if key == "tea" || key == "asked" || key == "completed" {
		return 1
	}
	return 0
}

// say publishes an event about an order on its topic and returns its id.
func (s *scene) say(seconds float64, kind saga.Kind, about, cause, via string, data any) string {
	return s.sayOf(seconds, kind, about, about, cause, via, data)
}

func (s *scene) sayOf(seconds float64, kind saga.Kind, key, of, cause, via string, data any) string {
	if data == nil {
		data = kind.Example()
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	at := where{saga.Topic(kind.Name()), partitionOf(key)}
	s.numbers[at]++
	id := fmt.Sprintf("0195%04x-0000-7000-8000-%012x", len(s.records), len(s.records))
	s.records = append(s.records, Record{Topic: at.topic, Partition: at.partition, Offset: s.numbers[at] - 1,
		Sequence: s.numbers[at],
		ID:       id, Type: kind.Name(), Key: key, Saga: of, Cause: cause, Via: via, Time: s.at(seconds), Data: text})
	return id
}

// report has a service report that it has processed all records, except on the topics named.
func (s *scene) report(seconds float64, service string, not ...string) *Progress {
	told := Report{Service: service, Process: service + "-1", At: s.at(seconds), Every: 3 * time.Second}
	for p := range 2 {
		point := Progress{Partition: p, Epoch: 1, Applied: map[string]int64{}, Committed: s.numbers[where{service + ".events", p}]}
		for at, n := range s.numbers {
			if at.partition == p {
				point.Applied[at.topic] = n
			}
		}
		for _, topic := range not {
			delete(point.Applied, topic)
		}
		told.Partitions = append(told.Partitions, point)
	}
	s.reports = append(s.reports, told)
	return &told.Partitions[0]
}

// reportAll has all services report so.
func (s *scene) reportAll(seconds float64) {
	for _, m := range machines() {
		s.report(seconds, m.Service)
	}
}

// seen is an index of the scene.
func (s *scene) seen() *Index {
	x := New(machines())
	for _, told := range s.reports {
		x.Report(told)
	}
	for _, r := range s.records {
		x.Add(&r)
	}
	return x
}

// shuffled is the scene with the topics' partitions interleaved differently.
func (s *scene) shuffled(r *rand.Rand) (records []Record) {
	logs := map[where][]Record{}
	var all []where
	for _, rec := range s.records {
		at := where{rec.Topic, rec.Partition}
		if logs[at] == nil {
			all = append(all, at)
		}
		logs[at] = append(logs[at], rec)
	}
	for len(all) > 0 {
		i := r.IntN(len(all))
		n := 1 + r.IntN(len(logs[all[i]]))
		records = append(records, logs[all[i]][:n]...)
		if logs[all[i]] = logs[all[i]][n:]; len(logs[all[i]]) == 0 {
			all = append(all[:i], all[i+1:]...)
		}
	}
	return records
}

var (
	home  = schemas.Address{Name: "Ada Example", Line1: "1 Long Road", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}
	goods = []schemas.Line{{SKU: "A", Quantity: 1, UnitPrice: 700}}
	price = schemas.Money{Amount: 700, Currency: "GBP"}
)

// place is an order placed and validated.
func (s *scene) place(seconds float64, id string) (placed, validated string) {
	placed = s.say(seconds, storefront.OrderPlaced, id, "", "",
		storefront.OrderPlacedV1{CustomerID: "c1", Lines: goods, Total: price, ShipTo: home,
			Email: "ada@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all"})
	validated = s.say(seconds+.1, order.Validated, id, placed, "",
		order.ValidatedV1{CustomerID: "c1", Lines: goods, Total: price, ShipTo: home,
			Email: "ada@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all"})
	s.status(seconds+.1, id, placed, "placed", false)
	return placed, validated
}

func (s *scene) status(seconds float64, id, cause, status string, final bool) string {
	return s.say(seconds, order.StatusChanged, id, cause, "", order.StatusChangedV1{Status: status, Text: "…", Final: final})
}

// owedBy are the kinds owed to an order by a service.
func owedBy(x *Index, id, service string, now time.Time) map[string]Obligation {
	owed := map[string]Obligation{}
	for _, o := range x.Obligations(ObligationFilter{Order: id, Service: service}, now) {
		owed[o.Kind+" "+o.On] = o
	}
	return owed
}

func expect(t *testing.T, owed map[string]Obligation, want ...string) {
	t.Helper()
	for _, w := range want {
		if _, there := owed[w]; !there {
			t.Errorf("%s is not owed: %v", w, owed)
		}
	}
	if len(owed) != len(want) {
		t.Errorf("owed are %v, want %v", owed, want)
	}
}

func summaryOf(x *Index, id string, now time.Time) Summary {
	of := x.sagas[IDOf(id)]
	return x.summary(of, x.owed(of, now), now)
}
