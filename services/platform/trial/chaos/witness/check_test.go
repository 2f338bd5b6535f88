package witness

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Three orders: one kept, one half returned, one cancelled after the capture.
const kept, halved, cancelled = "order-kept", "order-halved", "order-cancelled"

// small is evidence without a fault.
type small struct{ *Evidence }

func newSmall() small {
	s := small{&Evidence{Partitions: 1, Services: map[string]*Tables{},
		Accepted: map[string]bool{kept: true, halved: true, cancelled: false}, Received: map[string]int64{"tea": 10},
		Hears:        map[string][]string{"order": {"storefront.events"}, "refund": {"payment.events", "order.events"}},
		Orders:       map[string]Order{kept: {Status: "completed"}, halved: {Status: "completed"}, cancelled: {Status: "cancelled"}},
		Shown:        map[string]Shown{kept: {Status: "completed"}, halved: {Status: "completed"}, cancelled: {Status: "cancelled"}},
		Reservations: map[string]Reservation{}, Returns: map[string][]Return{halved: {{"received", tea(1)}, {"refused", tea(1)}}},
		Stock: map[string]Level{"tea": {OnHand: 7}}, Collected: map[string]int{kept: 1, halved: 1}}}
	for _, service := range []string{"storefront", "order", "payment", "refund", "shipping"} {
		s.Services[service] = &Tables{Counter: map[int]int64{}, Pruned: map[int]int64{}, Watermarks: map[Place]int64{}}
	}
	for _, id := range []string{kept, halved, cancelled} {
		s.say(id, "storefront.order_placed.v1", `{}`)
		s.say(id, "order.confirmed.v1", `{"total":{"amount":200}}`)
		s.say(id, "payment.captured.v1", `{"amount":{"amount":200}}`)
		s.book(id, "authorized", 200)
		s.book(id, "captured", 200)
		if s.Orders[id].Status == "cancelled" {
			s.Reservations[id] = Reservation{Status: "released"}
			s.say(id, "order.cancelled.v1", `{}`)
			s.refund(id, 200)
		} else {
			s.Reservations[id] = Reservation{Status: "committed", Lines: tea(2)}
			s.say(id, "shipping.dispatched.v1", `{}`)
		}
		s.say(id, "order.status_changed.v1", fmt.Sprintf(`{"status":"%s"}`, s.Orders[id].Status))
	}
	s.refund(halved, 100)
	s.settle()
	return s
}

func tea(n int64) []Line { return []Line{{SKU: "tea", Quantity: n, UnitPrice: 100}} }

// say commits an event and publishes it.
func (s small) say(key, name, data string) {
	service, _, _ := strings.Cut(name, ".")
	t := s.Services[service]
	t.Counter[0]++
	id := fmt.Sprintf("%s-%d", service, t.Counter[0])
	t.Outbox = append(t.Outbox, Row{Sequence: t.Counter[0], ID: id, Type: name, Key: key, Data: []byte(data)})
	s.Records = append(s.Records, Record{Topic: service + ".events", Sequence: t.Counter[0], Source: "/" + service, ID: id,
		Type: name, Key: key, Data: []byte(data)})
}

func (s small) book(order, kind string, amount int64) {
	s.Book = append(s.Book, Entry{Order: order, Kind: kind, Amount: amount, Attempt: "attempt of " + order})
}

func (s small) refund(order string, amount int64) {
	s.say(order, "refund.issued.v1", fmt.Sprintf(`{"amount":{"amount":%d}}`, amount))
	s.book(order, "refunded", amount)
}

// settle sets the watermarks of every service to the ends of the topics it consumes.
func (s small) settle() {
	for service, topics := range s.Hears {
		for _, topic := range topics {
			s.Services[service].Watermarks[Place{topic, 0}] = s.Services[strings.TrimSuffix(topic, ".events")].Counter[0]
		}
	}
}

// tell emits another event, which all consumers apply.
func (s small) tell(key, name, data string) {
	s.say(key, name, data)
	s.settle()
}

// lies finds the index of the n-th record of a topic.
func (s small) lies(topic string, n int64) int {
	return slices.IndexFunc(s.Records, func(r Record) bool { return r.Topic == topic && r.Sequence == n })
}

func TestAWorldInWhichAllIsWellIsFoundSo(t *testing.T) {
	t.Parallel()
	s := newSmall()
	s.Records = append(s.Records, s.Records[s.lies("order.events", 3)]) // published again after a crash
	if v := Check(s.Evidence); len(v.Findings) > 0 || v.Repeats != 1 || v.Events != len(s.Records)-1 {
		t.Errorf("%+v", v)
	}
	s = newSmall()
	s.Services["order"].Outbox = s.Services["order"].Outbox[2:]
	s.Services["order"].Pruned[0] = 2
	if v := Check(s.Evidence); len(v.Findings) > 0 {
		t.Errorf("with pruned rows: %+v", v)
	}
}

func TestAnOrderMayLeaveInSeveralParcels(t *testing.T) {
	t.Parallel()
	s := newSmall()
	for n := range 2 {
		s.tell(kept, "shipping.label_requested.v1", fmt.Sprintf(`{"parcel":{"number":%d,"of":2}}`, n+1))
	}
	s.tell(kept, "shipping.dispatched.v1", `{"shipment_id":"s2","parcel":{"number":2,"of":2}}`) // beside the first
	s.Collected[kept] = 2
	if v := Check(s.Evidence); len(v.Findings) > 0 {
		t.Errorf("%+v", v)
	}
}

func TestEachKindOfDamageIsNamed(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]struct {
		do    func(small)
		check string
		id    string
	}{
		"an event is lost on the topic": {func(s small) {
			s.Records = slices.Delete(s.Records, s.lies("payment.events", 2), s.lies("payment.events", 2)+1)
		}, "topics", "payment.events/0 number 2"},
		"a committed event is not published": {func(s small) {
			s.Records = slices.Delete(s.Records, s.lies("refund.events", 2), s.lies("refund.events", 2)+1)
			s.Services["refund"].Counter[0] = 2
		}, "outbox", "refund.events/0 number 2"},
		"a row of the outbox is gone": {func(s small) {
			s.Services["order"].Outbox = s.Services["order"].Outbox[1:]
		}, "outbox", "order.events/0"},
		"a topic holds other data than was committed": {func(s small) {
			s.Services["order"].Outbox[1].Data = []byte(`{"other":1}`)
		}, "outbox", "order.events/0 number 2"},
		"a number stands for two events": {func(s small) {
			r := s.Records[s.lies("order.events", 1)]
			r.ID = "another"
			s.Records = append(s.Records, r)
		}, "topics", "order.events/0 number 1"},
		"an event has two numbers": {func(s small) {
			r := s.Records[s.lies("order.events", 1)]
			r.Sequence = s.Services["order"].Counter[0] + 1
			s.Records = append(s.Records, r)
		}, "topics", fmt.Sprintf("order.events/0 number %d", newSmall().Services["order"].Counter[0]+1)},
		"a record comes from somebody else": {func(s small) {
			s.Records[s.lies("order.events", 1)].Source = "/intruder"
		}, "topics", "order.events/0 number 1"},
		"a record cannot be read": {func(s small) {
			s.Records[0].Malformed = fmt.Errorf("no id")
		}, "topics", "storefront.events/0"},
		"an event was not applied": {func(s small) {
			s.Services["refund"].Watermarks[Place{"payment.events", 0}]--
		}, "watermarks", "payment.events/0"},
		"an accepted order was never placed": {func(s small) { s.Accepted["order-lost"] = true }, "orders", "order-lost"},
		"an order was placed twice under two ids": {func(s small) {
			s.tell("order-second", "storefront.order_placed.v1", `{}`)
		}, "orders", "order-second"},
		"an order was placed twice under one id": {func(s small) {
			s.tell(kept, "storefront.order_placed.v1", `{}`)
		}, "orders", kept},
		"an order has no end": {func(s small) {
			s.Orders[kept] = Order{Status: "preparing"}
		}, "orders", kept},
		"an order has two ends": {func(s small) {
			s.tell(cancelled, "order.status_changed.v1", `{"status":"completed"}`)
		}, "orders", cancelled},
		"the customer sees another end": {func(s small) {
			s.Shown[kept] = Shown{Status: "shipped"}
		}, "orders", kept},
		"something is still to come": {func(s small) {
			s.Shown[halved] = Shown{Status: "completed", Open: true}
		}, "orders", halved},
		"a declined order is completed": {func(s small) { s.Accepted[kept] = false }, "orders", kept},
		"an order is confirmed twice": {func(s small) {
			s.tell(kept, "order.confirmed.v1", `{"total":{"amount":200}}`)
		}, "once", kept},
		"an order is handed over twice": {func(s small) {
			s.tell(kept, "shipping.dispatched.v1", `{}`)
		}, "once", kept},
		"one parcel of several is handed over twice": {func(s small) {
			s.tell(cancelled, "shipping.dispatched.v1", `{"shipment_id":"s1","parcel":{"number":1,"of":2}}`)
			s.tell(cancelled, "shipping.dispatched.v1", `{"shipment_id":"s1","parcel":{"number":1,"of":2}}`)
			s.Collected[cancelled] = 2
		}, "once", cancelled},
		"the label of one parcel is asked for twice": {func(s small) {
			s.tell(kept, "shipping.label_requested.v1", `{"parcel":{"number":2,"of":2}}`)
			s.tell(kept, "shipping.label_requested.v1", `{"parcel":{"number":2,"of":2}}`)
		}, "once", kept},
		"the carrier took a second parcel": {func(s small) { s.Collected[kept] = 2 }, "once", kept},
		"money is refunded twice": {func(s small) {
			s.book(halved, "refunded", 100)
		}, "money", halved},
		"both the book and the events have a refund twice": {func(s small) {
			s.refund(halved, 100)
			s.settle()
		}, "money", halved},
		"a refund is missing": {func(s small) {
			s.Book = s.Book[:len(s.Book)-1]
		}, "money", halved},
		"money is taken twice": {func(s small) {
			s.book(kept, "authorized", 200)
			s.book(kept, "captured", 200)
		}, "money", kept},
		"money is still set aside":  {func(s small) { s.book(kept, "authorized", 200) }, "money", kept},
		"nobody's order is charged": {func(s small) { s.book("order-nobody", "authorized", 1) }, "money", "order-nobody"},
		"a reservation leaks": {func(s small) {
			s.Reservations[cancelled] = Reservation{Status: "reserved", Lines: tea(2)}
			s.Stock["tea"] = Level{OnHand: 7, Reserved: 2}
		}, "goods", cancelled},
		"a level forgets a release": {func(s small) { s.Stock["tea"] = Level{OnHand: 7, Reserved: 2} }, "goods", "tea"},
		"goods vanish":              {func(s small) { s.Stock["tea"] = Level{OnHand: 6} }, "goods", "tea"},
		"a receipt counts twice":    {func(s small) { s.Stock["tea"] = Level{OnHand: 17} }, "goods", "tea"},
		"an event is parked": {func(s small) {
			s.Services["order"].Parked = []Left{{Key: kept, Reason: "poison"}}
		}, "parked", kept},
		"a question stays open": {func(s small) {
			s.Services["payment"].Calls = []Left{{Key: cancelled}}
		}, "calls", cancelled},
		"a deadline never fires": {func(s small) { s.Services["order"].Due = []Left{{Key: kept}} }, "deadlines", kept},
	} {
		s := newSmall()
		damage.do(s)
		v := Check(s.Evidence)
		named := func(f Finding) bool { return f.Check == damage.check && f.ID == damage.id && f.Text != "" }
		if !slices.ContainsFunc(v.Findings, named) {
			t.Errorf("%s: want %s to name %s, got %+v", name, damage.check, damage.id, v.Findings)
		}
	}
}
