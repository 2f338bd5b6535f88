package redecide

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/catalog"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/storefront"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/sagatest"
	"orderflow.example/shared/service"
)

const partitions = 4

// apps are all services, each configured for the most rules.
func apps() (all []service.App) {
	for _, app := range services.All {
		if app.Configured != nil {
			app.Bindings = app.Configured(service.Config{Own: service.Settings{"fraud-velocity": 2, "fraud-velocity-within": time.Hour}})
		}
		all = append(all, app)
	}
	return all
}

// shop is all services in memory, with the outside that they call, as each declares it.
type shop struct {
	t      testing.TB
	random *rand.Rand
	apps   []service.App
	world  *sagatest.World
	states map[string]any // of the outside, by name and order
}

func open(t testing.TB, seed uint64, apps []service.App) *shop {
	t.Helper()
	s := &shop{t: t, random: rand.New(rand.NewPCG(seed, 1)), apps: apps, states: map[string]any{}}
	var machines []*saga.Machine
	for _, app := range apps {
		for _, b := range app.Bindings {
			machines = append(machines, b.Machine)
		}
	}
	s.world = sagatest.NewWorld(t, seed, machines...)
	for _, app := range apps {
		for i, b := range engine.WithLookups(app.Bindings) {
			if i < len(app.Bindings) {
				s.world.Keep(b.Machine, b.Store.Memory())
			}
		}
	}
	s.outside(machines)
	return s
}

// outside answers a call with one of the outcomes in the services' models, at random; a call that none of them knows gets no
// answer.
func (s *shop) outside(machines []*saga.Machine) {
	answers := map[string]explore.Outside{}
	for _, app := range s.apps {
		for _, o := range app.Model.Outside {
			for _, question := range o.Asked {
				answers[question] = o
			}
		}
	}
	for _, m := range machines {
		for _, r := range m.Rows {
			if r.Form == saga.Calling {
				s.world.Answer(r.Ask, func(e saga.Event) (any, bool) { return s.answer(answers[r.Ask], r.Ask, e) })
			}
		}
	}
}

func (s *shop) answer(o explore.Outside, question string, e saga.Event) (any, bool) {
	if o.Act == nil {
		return nil, false
	}
	at := o.Name + " " + e.Key
	state, known := s.states[at]
	if !known {
		state = o.Start
	}
	outcomes := o.Act(state, question, e)
	if len(outcomes) == 0 {
		return nil, false
	}
	chosen := outcomes[0] // mostly the outcome with which the order goes on
	if s.random.IntN(6) == 0 {
		chosen = outcomes[s.random.IntN(len(outcomes))]
	}
	s.states[at] = chosen.State
	return chosen.Answer, true
}

var skus = []string{"tea", "mug", "pot"}

// trade lets customers order, cancel and send back, all at once and in any order.
func (s *shop) trade(orders int) {
	w := s.world
	for i, sku := range skus {
		point := int64(5 * i)
		w.Tell(sku, catalog.List.Of(catalog.Listing{Description: sku, Price: schemas.Money{Amount: 300, Currency: "GBP"}}))
		w.Tell(sku, warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "first-" + sku, Warehouse: "leeds",
			Quantity: int64(10 * orders / (1 + 3*i)), ReorderPoint: &point}))
		w.Tell(sku, warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "more-" + sku, Warehouse: "york", Quantity: int64(orders)}))
	}
	w.Steps(30)
	var placed []string
	for n := range orders {
		id := fmt.Sprintf("order-%d", n)
		placed = append(placed, id)
		w.Tell(id, shopOrder(s, n))
		w.Steps(s.random.IntN(20))
		for range s.random.IntN(3) {
			s.whim(placed[s.random.IntN(len(placed))])
			w.Steps(s.random.IntN(10))
		}
	}
	w.Steps(s.random.IntN(200))
	if s.random.IntN(2) == 0 {
		w.ExpireAll()
	}
	w.Settle()
	for _, id := range placed {
		s.whim(id)
	}
	w.Settle()
	if s.random.IntN(2) == 0 {
		w.ExpireAll()
	}
}

func (s *shop) order(n int) storefrontevent.OrderPlacedV1 {
	e := storefrontevent.OrderPlacedV1{CustomerID: fmt.Sprintf("customer-%d", n%4), Email: "ann@example.org", PaymentToken: "tok_ok",
		FillPolicy: []string{"fill_all", "fill_available"}[s.random.IntN(2)],
		ShipTo:     schemas.Address{Name: "Ann", Line1: "1 Road", City: "Leeds", Postcode: "LS1", Country: "GB"}}
	for i := range 1 + s.random.IntN(len(skus)) {
		e.Lines = append(e.Lines, schemas.Line{SKU: skus[i], Quantity: 1 + s.random.Int64N(3), UnitPrice: 300})
	}
	switch s.random.IntN(8) {
	case 0:
		e.Lines[0].UnitPrice = 600_000 // a person looks at it
	case 1:
		e.Email = "x@fraud.example"
	case 2:
		e.ShipTo.Country = "AQ"
	}
	e.Total = schemas.Money{Amount: schemas.Total(e.Lines), Currency: "GBP"}
	return e
}

// whim is a request that a customer may make about an order.
func (s *shop) whim(id string) {
	switch s.random.IntN(5) {
	case 0:
		s.world.Tell(id, storefront.RequestCancellation.Of(storefrontevent.CancellationRequestedV1{Reason: "r"}))
	case 1, 2:
		s.world.Tell(id,
			storefront.RequestReturn.Of(storefrontevent.ReturnRequestedV1{ReturnID: fmt.Sprint("return-", s.random.IntN(100)), Reason: "r",
				Lines: []storefrontevent.ReturnLine{{SKU: "tea", Quantity: 1}}}))
	}
}

// topics are partitions in memory; offsets are indices.
type topics map[place][]kafka.Record

// record appends the emitted events to the topics, as the services' publishers do: of events that carry the full state mostly the
// last of several in quick succession.
func (s *shop) record() topics {
	s.t.Helper()
	log := topics{}
	for i, e := range s.world.Log {
		if s.dropped(i) {
			continue
		}
		data, err := json.Marshal(e.Data)
		if err != nil {
			s.t.Fatal(err)
		}
		at := place{saga.Topic(e.Type), kafka.PartitionOf(e.Key, partitions)}
		n := int64(len(log[at]))
		log[at] = append(log[at], kafka.Record{Topic: at.topic, Partition: at.partition, Offset: n, Sequence: n + 1,
			Source: "/" + saga.Producer(e.Type), Key: e.Key, ID: e.ID, Type: e.Type, Correlation: e.Saga, Causation: e.Cause, Via: e.Via,
			Time: e.Time, Data: data})
	}
	return log
}

// dropped tells whether a later event of the batch, of the same process, replaced an event.
func (s *shop) dropped(i int) bool {
	e := s.world.Log[i]
	if i%3 == 0 || !s.kind(e.Type).Latest() {
		return false
	}
	return slices.ContainsFunc(s.world.Log[i+1:min(i+20, len(s.world.Log))], func(o saga.Event) bool {
		return o.Type == e.Type && o.Key == e.Key && s.process(o) == s.process(e)
	})
}

// process is the partition of the process that emitted the event.
func (s *shop) process(e saga.Event) int {
	key := e.Key
	for _, cause := range s.world.Log {
		if cause.ID == e.Cause {
			key = cause.Key
		}
	}
	return kafka.PartitionOf(key, partitions)
}

func (s *shop) kind(name string) saga.Kind {
	for _, app := range s.apps {
		for _, b := range app.Bindings {
			if k := b.Machine.Kind(name); k != nil {
				return k
			}
		}
	}
	s.t.Fatalf("nobody knows %s", name)
	return nil
}

func (l topics) Offsets(_ context.Context, topic string, partitions []int) (first, next map[int]int64, err error) {
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range partitions {
		first[p], next[p] = 0, int64(len(l[place{topic, p}]))
	}
	return first, next, nil
}

func (l topics) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		rest := l[place{at.Topic, at.Partition}][at.Offset:]
		rest = rest[:min(len(rest), 500)]
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: rest, Next: at.Offset + int64(len(rest))})
	}
	return all, nil
}

// heard returns watermarks at the ends of all topics.
func (l topics) heard() map[string]map[int]int64 {
	all := map[string]map[int]int64{}
	for at, records := range l {
		if all[at.topic] == nil {
			all[at.topic] = map[int]int64{}
		}
		all[at.topic][at.partition] = int64(len(records))
	}
	return all
}

// again takes an app's decisions again.
func (l topics) again(t testing.TB, app service.App, change ...func(*Config)) Report {
	t.Helper()
	c := Config{App: app, Log: l, Partitions: partitions, Applied: l.heard()}
	for _, other := range services.All {
		c.Topics = append(c.Topics, other.Topic())
	}
	for _, f := range change {
		f(&c)
	}
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shopOrder is the command that places an order.
func shopOrder(s *shop, n int) saga.Event { return storefront.PlaceOrder.Of(s.order(n)) }
