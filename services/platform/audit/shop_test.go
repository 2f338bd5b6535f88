package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas"
	paymentevent "orderflow.example/schemas/payment"
	refundevent "orderflow.example/schemas/refund"
	reportingevent "orderflow.example/schemas/reporting"
	shippingevent "orderflow.example/schemas/shipping"
	storefrontevent "orderflow.example/schemas/storefront"
	warehouseevent "orderflow.example/schemas/warehouse"
	"orderflow.example/services/catalog"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/services/refund"
	"orderflow.example/services/reporting"
	"orderflow.example/services/shipping"
	"orderflow.example/services/storefront"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
	"orderflow.example/shared/service"
)

const partitions = 4

// apps are the services of a shop.
var apps = services.All

// shop is all services in memory, and what is outside, with a past of whole sagas.
type shop struct {
	apps    []service.App
	world   *sagatest.World
	keepers map[string][]engine.States // by service, for each binding
	book    []gateway.Entry
	refs    map[string]string // authorisation by attempt
	amounts map[string]schemas.Money
	refuses map[string]int // by order: how many refunds the gateway will refuse
}

// The orders of a shop, by what becomes of them.
var fates = []string{"completes", "sent-back", "partly-back", "wants-out", "declined", "not-captured", "short", "lost",
	"no-country", "sold-out", "in-part"}

// empty is a shop with goods and without orders, beside which there may be more services.
func empty(t testing.TB, seed uint64, more ...service.App) *shop {
	t.Helper()
	s := &shop{apps: slices.Concat(apps, more), keepers: map[string][]engine.States{}, refs: map[string]string{},
		amounts: map[string]schemas.Money{}, refuses: map[string]int{}}
	var machines []*saga.Machine
	for _, app := range s.apps {
		for _, b := range app.Bindings {
			machines = append(machines, b.Machine)
		}
	}
	s.world = sagatest.NewWorld(t, seed, machines...)
	for _, app := range s.apps {
		for i, b := range engine.WithLookups(app.Bindings) {
			states := b.Store.Memory()
			s.keepers[app.Name] = append(s.keepers[app.Name], states)
			if i == len(app.Bindings) {
				b.Machine = s.world.Lookups(app.Bindings[0].Machine)
			}
			s.world.Keep(b.Machine, states)
		}
	}
	s.outside()
	for _, sku := range []string{"tea", "mug"} {
		s.world.Tell(sku, catalog.List.Of(catalog.Listing{Description: sku, Price: pounds(300)}))
		s.world.Tell(sku, warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "first-" + sku, Warehouse: "leeds", Quantity: 100}))
	}
	s.world.Settle()
	return s
}

// open is a shop in which each of these orders has had its fate, in an order of things drawn from the seed.
func open(t testing.TB, seed uint64) *shop {
	t.Helper()
	s := empty(t, seed)
	for _, fate := range fates {
		s.place(fate)
		s.world.Steps(int(seed % 7))
	}
	s.world.Steps(int(seed * 13 % 90))
	s.world.Tell("wants-out", storefront.RequestCancellation.Of(storefrontevent.CancellationRequestedV1{Reason: "r"}))
	s.world.Settle()
	s.sendBack("sent-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 2}, storefrontevent.ReturnLine{SKU: "mug", Quantity: 1})
	s.sendBack("partly-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 1})
	s.world.Settle()
	return s
}

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func (s *shop) place(fate string) {
	lines := []schemas.Line{{SKU: "tea", Quantity: 2, UnitPrice: 300}, {SKU: "mug", Quantity: 1, UnitPrice: 450}}
	country, fill := "GB", "fill_all"
	switch fate {
	case "in-part":
		fill = "fill_available"
	case "sold-out":
		lines[0].Quantity = 1000
	case "no-country":
		country = "XX"
	}
	s.world.Tell(fate, storefront.PlaceOrder.Of(storefrontevent.OrderPlacedV1{CustomerID: "ann", Lines: lines,
		Total:  pounds(schemas.Total(lines)),
		ShipTo: schemas.Address{Name: "Ann", Line1: "1 Road", City: "Leeds", Postcode: "LS1", Country: country},
		Email:  "ann@example.org", PaymentToken: "tok_ok", FillPolicy: fill}))
}

func (s *shop) sendBack(order string, lines ...storefrontevent.ReturnLine) {
	s.world.Tell(order, storefront.RequestReturn.Of(storefrontevent.ReturnRequestedV1{ReturnID: "back-" + order, Lines: lines,
		Reason: "r"}))
}

// outside answers as the world would, and keeps the gateway's book.
func (s *shop) outside() {
	w := s.world
	sagatest.Outside(w, payment.Authorize,
		func(e saga.Event, asked paymentevent.AuthorizationRequestedV1) (payment.AuthorizeAnswer, bool) {
			if e.Key == "declined" {
				s.enter(gateway.Entry{Order: e.Key, Key: e.ID, Kind: gateway.Declined, Amount: asked.Amount.Amount, Currency: "GBP",
					Attempt: e.ID, Code: "card_declined"})
				return payment.AuthorizeAnswer{Refused: "card_declined"}, true
			}
			s.refs[e.ID], s.amounts[e.ID] = "au_"+e.ID, asked.Amount
			s.enter(gateway.Entry{Order: e.Key, Key: e.ID, Kind: gateway.Authorized, Amount: asked.Amount.Amount, Currency: "GBP",
				Attempt: e.ID, Reference: "au_" + e.ID})
			return payment.AuthorizeAnswer{Reference: "au_" + e.ID}, true
		})
	sagatest.Outside(w, payment.Capture, func(e saga.Event, asked paymentevent.CaptureRequestedV1) (payment.CaptureAnswer, bool) {
		entry := gateway.Entry{Order: e.Key, Key: e.ID, Kind: gateway.Captured, Amount: asked.Amount.Amount, Currency: "GBP",
			Reference: asked.Reference}
		refused := ""
		if e.Key == "not-captured" {
			refused = "capture_failed"
			entry.Kind, entry.Code = gateway.CaptureRefused, refused
		}
		s.enter(entry)
		if rest := s.amounts[asked.Attempt].Amount - asked.Amount.Amount; refused == "" && rest > 0 {
			entry.Kind, entry.Amount, entry.Code = gateway.Voided, rest, "not_captured"
			s.enter(entry)
		}
		return payment.CaptureAnswer{Refused: refused}, true
	})
	sagatest.Outside(w, payment.Void, func(e saga.Event, asked paymentevent.VoidRequestedV1) (payment.VoidAnswer, bool) {
		amount := s.amounts[asked.Attempt].Amount
		s.enter(gateway.Entry{Order: e.Key, Key: e.ID, Kind: gateway.Voided, Amount: amount, Currency: "GBP", Attempt: asked.Attempt,
			Reference: s.refs[asked.Attempt]})
		return payment.VoidAnswer{Amount: amount}, true
	})
	sagatest.Outside(w, refund.GiveBack, func(e saga.Event, asked refundevent.RequestedV1) (refund.RefundAnswer, bool) {
		entry := gateway.Entry{Order: e.Key, Key: e.ID, Kind: gateway.Refunded, Amount: asked.Amount.Amount, Currency: "GBP",
			Reference: asked.Reference}
		if s.refuses[e.Key] > 0 {
			s.refuses[e.Key]--
			entry.Kind, entry.Code = gateway.RefundRefused, "try_later"
		}
		s.enter(entry)
		return refund.RefundAnswer{RefundID: e.ID, Refused: entry.Code}, true
	})
	sagatest.Outside(w, shipping.BuyLabel, func(e saga.Event, _ shippingevent.LabelRequestedV1) (shipping.LabelAnswer, bool) {
		return shipping.LabelAnswer{Carrier: "royal", TrackingNumber: "T" + e.ID}, true
	})
	sagatest.Outside(w, shipping.Deliver, func(e saga.Event, _ shippingevent.DispatchedV1) (shipping.DeliverAnswer, bool) {
		return shipping.DeliverAnswer{Lost: e.Key == "lost"}, true
	})
	sagatest.Outside(w, shipping.VoidLabel,
		func(_ saga.Event, asked shippingevent.LabelVoidRequestedV1) (shipping.VoidAnswer, bool) {
			return shipping.VoidAnswer{ShipmentID: asked.ShipmentID}, true
		})
	sagatest.Outside(w, shipping.BuyReturnLabel,
		func(e saga.Event, asked shippingevent.ReturnLabelRequestedV1) (shipping.ReturnLabelAnswer, bool) {
			return shipping.ReturnLabelAnswer{ReturnID: asked.ReturnID, Carrier: "royal", TrackingNumber: "B" + e.ID}, true
		})
	sagatest.Outside(w, shipping.AwaitReturn,
		func(_ saga.Event, asked shippingevent.ReturnAuthorizedV1) (shipping.ReturnAnswer, bool) {
			return shipping.ReturnAnswer{ReturnID: asked.ReturnID, Back: true}, true
		})
	sagatest.Outside(w, warehouse.PickOnFloor,
		func(e saga.Event, asked warehouseevent.PickRequestedV1) (warehouse.PickAnswer, bool) {
			if e.Key == "short" {
				return warehouse.PickAnswer{Missing: asked.Lines[:1]}, true
			}
			if asked.Partial {
				return warehouse.PickAnswer{Missing: asked.Lines[:1], Packed: asked.Lines[1:]}, true
			}
			return warehouse.PickAnswer{}, true
		})
	sagatest.Outside(w, reporting.GetSettlement, func(saga.Event, reportingevent.SettlementRequestedV1) (reporting.File, bool) {
		return reporting.File{Digest: "of no lines"}, true
	})
	sagatest.Outside(w, warehouse.ClearFloor, func(saga.Event, warehouseevent.PickCancelledV1) (warehouse.ClearAnswer, bool) {
		return warehouse.ClearAnswer{}, true
	})
}

func (s *shop) enter(e gateway.Entry) {
	e.Seq = int64(len(s.book) + 1)
	s.book = append(s.book, e)
}

// picture is the shop as verify sees it, on topics in memory.
func (s *shop) picture(t testing.TB) *picture {
	t.Helper()
	log := topics{}
	p := newPicture(Config{Kafka: log, Apps: apps, Patience: time.Millisecond,
		Book: func(context.Context, int64) ([]gateway.Entry, error) { return nil, nil }})
	p.services, p.ends, p.book = map[string]*snapshot{}, map[string]map[int]int64{}, s.book
	for _, app := range s.apps {
		at := newSnapshot(app)
		for i, states := range s.keepers[app.Name] {
			at.live[i] = map[string]any{}
			states.Each(func(key string, state any) error { at.live[i][key] = state; return nil })
		}
		for n := range partitions {
			at.counters[n], at.first[n], at.dense[n] = 0, 1, true
			log[place{app.Topic(), n}] = nil
		}
		p.services[app.Name], p.ends[app.Name] = at, at.counters
	}
	for _, e := range s.world.Log {
		data, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		at := p.services[saga.Producer(e.Type)]
		n := kafka.PartitionOf(e.Key, partitions)
		at.counters[n]++
		rec := kafka.Record{Topic: at.app.Topic(), Source: "/" + at.app.Name, Partition: n, Offset: at.counters[n] - 1, Key: e.Key,
			ID: e.ID, Type: e.Type,
			Correlation: e.Saga, Causation: e.Cause, Via: e.Via, Time: e.Time, Sequence: at.counters[n], Data: data}
		at.outbox[n], at.lowest[n] = append(at.outbox[n], digestOf(&rec)), 1
		log[place{rec.Topic, n}] = append(log[place{rec.Topic, n}], rec)
	}
	for _, at := range p.services {
		at.drain(log)
	}
	p.stands = func(_ context.Context, service string) (map[place]int64, error) {
		now := map[place]int64{}
		for at, w := range p.services[service].watermarks {
			now[at] = w.sequence
		}
		return now, nil
	}
	p.outbox = func(_ context.Context, service string, partition int, numbers []int64) ([]kafka.Record, int64, error) {
		var records []kafka.Record
		pruned := p.services[service].pruned[partition]
		for _, n := range numbers {
			if n > pruned {
				records = append(records, log[place{service + ".events", partition}][n-1])
			}
		}
		return records, pruned, nil
	}
	return p
}

// tell takes in the rows as they are now, as a look does.
func (p *picture) tell() {
	for _, s := range p.services {
		for _, live := range s.live {
			for key, state := range live {
				if s.app.Model.State != nil {
					p.facts.row(key, s.app.Model.State(state))
				}
			}
		}
	}
}

// drain sets the watermarks to the ends of the topics that the service hears, its own if its machines hear each other.
func (s *snapshot) drain(log topics) {
	itself := slices.ContainsFunc(s.app.Bindings, func(b engine.Binding) bool { return len(b.Machine.Loopbacks()) > 0 })
	for at, records := range log {
		if at.topic == s.app.Topic() && !itself || len(records) == 0 {
			continue
		}
		last := records[len(records)-1]
		s.watermarks[at] = mark{last.Sequence, last.Offset + 1, last.ID}
	}
}

// topics are partitions in memory; offsets are indices.
type topics map[place][]kafka.Record

func (l topics) Offsets(_ context.Context, topic string, partitions []int) (first, next map[int]int64, err error) {
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range partitions {
		first[p], next[p] = 0, int64(len(l[place{topic, p}]))
	}
	return first, next, nil
}

// fetched is how many records a fetch finds at most: few, so that there are many.
const fetched = 3

func (l topics) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		records := l[place{at.Topic, at.Partition}]
		rest := records[min(at.Offset, int64(len(records))):]
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: rest[:min(len(rest), fetched)],
			Next: at.Offset + int64(min(len(rest), fetched))})
	}
	return all, nil
}

// record finds the record of an event type about a key.
func (l topics) record(t *testing.T, kind saga.Kind, key string) *kafka.Record {
	t.Helper()
	for _, records := range l {
		for i := range records {
			if records[i].Type == kind.Name() && records[i].Key == key {
				return &records[i]
			}
		}
	}
	t.Fatalf("nobody said %s of %s", kind.Name(), key)
	return nil
}

// verdict checks the picture.
func (p *picture) verdict(t *testing.T) map[string]Check {
	t.Helper()
	r, err := p.check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Check{}
	for _, c := range r.Checks {
		all[c.Name] = c
	}
	return all
}

func (c Check) String() string {
	return fmt.Sprintf("%s: holds %v, %d checked, %d broken %v %s", c.Name, c.Holds, c.Checked, c.Broken, c.Offending, c.Skipped)
}

func listed(all map[string]Check) (broken []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !all[name].Holds && all[name].Skipped == "" {
			broken = append(broken, name)
		}
	}
	return broken
}
