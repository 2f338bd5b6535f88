package endtoend_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/services/tracker"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// watched is an installation with its tracker, and a client that reads the topics directly.
type watched struct {
	*trial.Parts
	kafka *kafka.Client
}

func watch(t *testing.T) *watched {
	t.Helper()
	parts := trial.StartParts(t, 100)
	return &watched{parts, parts.Kafka(t)}
}

func (w *watched) operator() trial.Caller { return w.Site.Operator("tracker") }

// saga returns the tracker's saga of an order, once it has consumed an event of it.
func (w *watched) saga(t *testing.T, order string) tracker.Saga {
	t.Helper()
	var told trial.Answer
	trial.Await(t, "the tracker to hear of "+order, func() (bool, string) {
		var err error
		told, err = w.operator().Send("GET", "/v1/sagas/"+order, nil)
		return err == nil && told.Status == 200, fmt.Sprint(told, err)
	})
	return trial.Read[tracker.Saga](t, told)
}

type items[T any] struct {
	Items      []T
	NextCursor string `json:"next_cursor"`
}

// all returns the items of all pages of a list.
func all[T any](t *testing.T, c trial.Caller, path string) (list []T) {
	t.Helper()
	for cursor := ""; ; {
		page := trial.Read[items[T]](t, c.Must(t, 200, "GET", path+"&limit=20&cursor="+url.QueryEscape(cursor), nil))
		list = append(list, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return list
		}
	}
}

// raw returns the records of an order, read from all topics from their beginning.
func (w *watched) raw(t *testing.T, order string) (records []kafka.Record) {
	t.Helper()
	for _, topic := range service.Topics(4, 1, run.Apps...) {
		if !strings.HasSuffix(topic.Name, ".events") {
			continue
		}
		partitions := make([]int, topic.Partitions)
		for i := range partitions {
			partitions[i] = i
		}
		next, ends, err := w.kafka.Offsets(t.Context(), topic.Name, partitions)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range partitions {
			for next[p] < ends[p] {
				fetched, err := w.kafka.Fetch(t.Context(), []kafka.Position{{Topic: topic.Name, Partition: p, Offset: next[p]}}, time.Second)
				if err != nil || fetched[0].Err != nil {
					t.Fatal(err, fetched)
				}
				for _, r := range fetched[0].Records {
					if r.Correlation == order || r.Correlation == "" && r.Key == order {
						records = append(records, r)
					}
				}
				next[p] = fetched[0].Next
			}
		}
	}
	return records
}

// complete compares the tracker's saga of an order with the topics, event by event.
func (w *watched) complete(t *testing.T, order string) (told tracker.Saga) {
	t.Helper()
	trial.Await(t, "the tracker's story of "+order, func() (bool, string) {
		told = w.saga(t, order)
		difference := compare(told, w.raw(t, order))
		return difference == "", difference
	})
	return told
}

// withoutPersonal removes what operators are not shown of a payload.
func withoutPersonal(value any) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			withoutPersonal(one)
		}
	case map[string]any:
		for _, name := range []string{"ship_to", "buyer", "address", "email", "payment_token", "request", "subjects"} {
			delete(v, name)
		}
		for _, one := range v {
			withoutPersonal(one)
		}
	}
}

func compare(told tracker.Saga, raw []kafka.Record) string {
	if len(told.Events) != len(raw) {
		return fmt.Sprintf("the tracker has %d events, the topics have %d", len(told.Events), len(raw))
	}
	for _, r := range raw {
		i := slices.IndexFunc(told.Events, func(e tracker.Event) bool { return e.ID == r.ID })
		if i < 0 {
			return fmt.Sprintf("the tracker lacks %s %s", r.Type, r.ID)
		}
		e := told.Events[i]
		got := kafka.Record{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Key: e.Key, ID: e.ID, Type: e.Type,
			Causation: e.Cause, Time: e.At, Sequence: e.Sequence}
		want := kafka.Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, ID: r.ID, Type: r.Type,
			Causation: r.Causation, Time: r.Time, Sequence: r.Sequence}
		if !reflect.DeepEqual(got, want) || e.Service+".events" != r.Topic {
			return fmt.Sprintf("the tracker has %+v, the topic has %+v", got, want)
		}
		var data map[string]any
		if err := json.Unmarshal(r.Data, &data); err != nil {
			return err.Error()
		}
		withoutPersonal(data)
		if !reflect.DeepEqual(e.Data, any(data)) {
			return fmt.Sprintf("%s: the tracker has %v, the topic has %v", r.Type, e.Data, data)
		}
		if via := via(e.Reaction); via != r.Via {
			return fmt.Sprintf("%s was caused via %q, the tracker has %+v", r.Type, r.Via, e.Reaction)
		}
	}
	for i, e := range told.Events {
		switch {
		case e.N != i+1 || e.CausedBy >= e.N:
			return fmt.Sprintf("event %d is at %d, caused by %d", e.N, i+1, e.CausedBy)
		case e.CausedBy > 0 && told.Events[e.CausedBy-1].ID != e.Cause, e.CausedBy == 0 && e.Cause != "" &&
			slices.ContainsFunc(raw, func(r kafka.Record) bool { return r.ID == e.Cause }):
			return fmt.Sprintf("%s is caused by %s, the tracker has event %d", e.Type, e.Cause, e.CausedBy)
		}
	}
	return ""
}

func via(r tracker.Reaction) string {
	switch {
	case r.Form == "answer" && r.Tries > 1:
		return fmt.Sprint("answer/", r.Tries)
	case r.Form == "answer", r.Form == "deadline":
		return r.Form
	}
	return ""
}

var standstills = []struct {
	name   string
	price  int64
	before func(t *testing.T, w *watched)
	basket func(*trial.Basket)
	hold   func(t *testing.T, w *watched, b *trial.Buyer) // until it has stopped at the intended point
	state  string
	owes   string // service and kind: "payment call"; empty: nothing is owed
	after  func(t *testing.T, w *watched, b *trial.Buyer)
	ends   string
}{
	{name: "placed", before: shut("/sim/gateway/v1/authorizations"), hold: booked(authorized), state: "placed", owes: "payment call",
		after: open, ends: "completed"},
	{name: "in review", price: costly, hold: awaits("in_review"), state: "in_review", owes: "fraud deadline",
		after: approve, ends: "completed"},
	{name: "confirmed", before: shut("/sim/carrier/v1/labels"), hold: awaits("confirmed"), state: "confirmed", owes: "shipping call",
		after: open, ends: "completed"},
	{name: "preparing", before: shut("/sim/gateway/v1/captures"), hold: booked(captured), state: "preparing", owes: "payment call",
		after: open, ends: "completed"},
	{name: "shipped", before: shut("/sim/carrier/v1/tracking"), hold: awaits("shipped"), state: "shipped", owes: "shipping call",
		after: open, ends: "completed"},
	{name: "cancelling", before: shut("/sim/gateway/v1/voids"), basket: func(b *trial.Basket) { b.ShipTo.Postcode = "NOWHERE 1" },
		hold: awaits("cancelling"), state: "cancelling", owes: "payment call", after: open, ends: "cancelled"},
	{name: "declined", basket: func(b *trial.Basket) { b.PaymentToken = "tok_declined" }, hold: awaits("cancelled"),
		state: "cancelled", ends: "cancelled"},
	{name: "returned", hold: func(t *testing.T, w *watched, b *trial.Buyer) {
		b.Return(t, trial.Line{SKU: b.Await(t, "completed").Lines[0].SKU, Quantity: 2})
		b.Await(t, "returned")
	}, state: "returned", owes: "shipping deadline", ends: "returned"},
}

func shut(path string) func(*testing.T, *watched) {
	return func(_ *testing.T, w *watched) { w.Gate.Shut(path) }
}

func open(_ *testing.T, w *watched, _ *trial.Buyer) { w.Gate.Open() }

func awaits(status string) func(*testing.T, *watched, *trial.Buyer) {
	return func(t *testing.T, _ *watched, b *trial.Buyer) { b.Await(t, status) }
}

func booked(kind func(trial.Ledger) int64) func(*testing.T, *watched, *trial.Buyer) {
	return func(t *testing.T, w *watched, b *trial.Buyer) {
		trial.Await(t, "the gateway's money", func() (bool, string) { return kind(w.Site.Book(t, b.ID)) > 0, "" })
	}
}

func approve(t *testing.T, w *watched, b *trial.Buyer) {
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+b.ID, map[string]any{"approve": true})
}

// settled reports whether the open work includes this kind of this service, or none at all, and no reaction is under way.
func settled(told tracker.Saga, owes string) bool {
	return slices.ContainsFunc(told.Obligations,
		func(o tracker.Obligation) bool { return o.Service+" "+o.Kind == owes }) == (owes != "") &&
		!slices.ContainsFunc(told.Obligations, func(o tracker.Obligation) bool { return o.Kind == tracker.KindReaction })
}

func TestTheTrackerTellsEverySagaAsItStandsOnTheTopicsAndTheSameAfterItWasKilled(t *testing.T) {
	t.Parallel()
	w := watch(t)
	var buyers []*trial.Buyer
	for _, c := range standstills {
		t.Run(c.name, func(t *testing.T) {
			sku := "stands-" + strings.ReplaceAll(c.name, " ", "-")
			w.Site.Sell(t, sku, max(c.price, price), received)
			if c.before != nil {
				c.before(t, w)
			}
			basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2})
			if c.basket != nil {
				c.basket(&basket)
			}
			b := w.Site.Buy(t, basket)
			buyers = append(buyers, b)
			c.hold(t, w, b)
			trial.Await(t, "the tracker to see it", func() (bool, string) {
				told := w.saga(t, b.ID)
				return told.State == c.state && settled(told, c.owes), fmt.Sprintf("%s %+v", told.State, told.Obligations)
			})
			told := w.complete(t, b.ID)
			if told.Stuck != nil || told.Owed != len(told.Obligations) || (told.EndedAt != nil) != trial.Final(c.state) {
				t.Errorf("told %+v", told.Summary)
			}
			if c.after != nil {
				c.after(t, w, b)
			}
			b.Await(t, c.ends)
			if told = w.complete(t, b.ID); told.Events[0].Reaction != (tracker.Reaction{Form: "command", On: "place_order"}) {
				t.Errorf("it began with %+v", told.Events[0])
			}
		})
		if t.Failed() {
			t.FailNow()
		}
	}
	w.sameAfterItWasKilled(t, buyers)
}

// sameAfterItWasKilled reads everything from the tracker, and again after a restart.
func (w *watched) sameAfterItWasKilled(t *testing.T, buyers []*trial.Buyer) {
	t.Helper()
	everything := func() string {
		list := all[json.RawMessage](t, w.operator(), "/v1/sagas?")
		list = append(list, all[json.RawMessage](t, w.operator(), "/v1/obligations?")...)
		list = append(list, all[json.RawMessage](t, w.operator(), "/v1/deadlines?")...)
		for _, b := range buyers {
			list = append(list, json.RawMessage(w.operator().Must(t, 200, "GET", "/v1/sagas/"+b.ID, nil).Body))
		}
		return string(bytes.Join(rawOf(list), []byte("\n")))
	}
	var before string
	trial.Await(t, "everything to have settled", func() (bool, string) { // the last events of orders are on their way
		now := everything()
		quiet := now == before && !strings.Contains(now, `"reaction","event"`)
		before = now
		return quiet, now
	})
	w.Pause(t, "tracker")
	w.Resume(t, "tracker")
	trial.Await(t, "the tracker to have read everything", func() (bool, string) {
		a, err := w.operator().Send("GET", "/v1/sagas", nil)
		return err == nil && a.Status == 200, a.Body
	})
	if after := everything(); after != before {
		t.Errorf("after the restart it returns\n%s\nbefore it returned\n%s", after, before)
	}
}

func rawOf(list []json.RawMessage) (text [][]byte) {
	for _, one := range list {
		text = append(text, one)
	}
	return text
}

func TestAServiceThatDoesNotRunOwesWhatItHasNotHeardUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Site.Sell(t, "owed", price, received)
	w.Pause(t, "payment")
	b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "owed", Quantity: 1}))
	var owed []tracker.Obligation
	trial.Await(t, "what payment owes", func() (bool, string) {
		owed = all[tracker.Obligation](t, w.operator(), "/v1/obligations?overdue=true&service=payment")
		return len(owed) >= 3, fmt.Sprintf("%+v", owed) // the order, the goods, the trust
	})
	for _, o := range owed {
		if o.Order != b.ID || o.Cause != tracker.CauseConsumer || !strings.Contains(o.Detail, "no process of payment has reported") {
			t.Errorf("owed is %+v", o)
		}
	}
	others := all[tracker.Obligation](t, w.operator(), "/v1/obligations?overdue=true")
	if len(others) != len(owed) {
		t.Errorf("overdue are %+v", others)
	}
	stuck := all[tracker.Summary](t, w.operator(), "/v1/sagas?stuck=true")
	if len(stuck) != 1 || stuck[0].Order != b.ID || stuck[0].Stuck.Cause != tracker.CauseConsumer ||
		stuck[0].Stuck.Service != "payment" {
		t.Errorf("stuck are %+v", stuck)
	}
	gauge := func() float64 { return w.metric(t, `orderflow_obligations_overdue{service="payment"}`) }
	trial.Await(t, "the metric", func() (bool, string) { return gauge() == float64(len(owed)), fmt.Sprint(gauge()) })

	w.Resume(t, "payment")
	trial.Await(t, "nothing overdue", func() (bool, string) {
		owed = all[tracker.Obligation](t, w.operator(), "/v1/obligations?overdue=true")
		return len(owed) == 0, fmt.Sprintf("%+v", owed)
	})
	b.Await(t, "completed")
	trial.Await(t, "the metrics", func() (bool, string) {
		ended := w.metric(t, `orderflow_saga_seconds_count{outcome="completed"}`)
		return gauge() == 0 && ended == 1, fmt.Sprint(gauge(), ended)
	})
}

func (w *watched) metric(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(w.operator().Must(t, 200, "GET", "/metrics", nil).Body) {
		var value float64
		if text, found := strings.CutPrefix(line, name+" "); found {
			if _, err := fmt.Sscan(text, &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return -1
}

func TestADeadlineThatFiresWithoutEffectIsGoneAndSaysSo(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Site.Sell(t, "back in time", price, received)
	list := func(order string) []tracker.Deadline {
		return all[tracker.Deadline](t, w.operator(), "/v1/deadlines?service=shipping&order="+order)
	}
	returned := func() (*trial.Buyer, tracker.Deadline) {
		b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "back in time", Quantity: 1}))
		b.Await(t, "completed")
		b.Return(t, trial.Line{SKU: "back in time", Quantity: 1})
		b.Await(t, "returned")
		var open []tracker.Deadline
		trial.Await(t, "the deadline of the return", func() (bool, string) {
			open = list(b.ID)
			return len(open) == 1, fmt.Sprintf("%+v", open)
		})
		return b, open[0]
	}
	for range 3 { // some are due before the one that is moved
		returned()
	}
	b, d := returned()
	past := time.Now().Add(-time.Minute)
	w.operator().Must(t, 200, "PATCH", "/v1/deadlines/"+d.ID, map[string]any{"due_at": past})
	trial.Await(t, "the deadline to be gone", func() (bool, string) {
		open := list(b.ID)
		return len(open) == 0, fmt.Sprintf("%+v", open)
	})
	a := w.operator().Must(t, 409, "PATCH", "/v1/deadlines/"+d.ID, map[string]any{"due_at": time.Now().Add(time.Hour)})
	if !strings.Contains(a.Body, "deadline-settled") {
		t.Errorf("moving it again: %s", a.Body)
	}
}

func TestAReturnThatWasRefusedByItsDeadlineCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Site.Sell(t, "late", price, received)
	b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "late", Quantity: 1}))
	b.Await(t, "completed")
	w.Gate.Shut("/sim/carrier/v1/tracking") // the goods do not arrive
	b.Return(t, trial.Line{SKU: "late", Quantity: 1})
	state := func(n int, want string) {
		trial.Await(t, "the return to be "+want, func() (bool, string) {
			o := b.Order(t)
			return len(o.Returns) == n && o.Returns[n-1].State == want, fmt.Sprintf("%+v", o.Returns)
		})
	}
	state(1, "authorized")
	var open []tracker.Deadline
	trial.Await(t, "the deadline of the return", func() (bool, string) {
		open = all[tracker.Deadline](t, w.operator(), "/v1/deadlines?service=shipping&order="+b.ID)
		return len(open) == 1, fmt.Sprintf("%+v", open)
	})
	w.operator().Must(t, 200, "PATCH", "/v1/deadlines/"+open[0].ID, map[string]any{"due_at": time.Now().Add(-time.Minute)})
	state(1, "refused")
	b.Return(t, trial.Line{SKU: "late", Quantity: 1})
	w.Gate.Open()
	b.AwaitOutcome(t, "late", trial.Outcome{Status: "returned", Stock: trial.Free(received),
		Money: trial.Ledger{Authorized: price, Captured: price, Refunded: price}})
}

func TestADeadlineMovedNearerFiresAndOneTakenOffDoesNot(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Site.Sell(t, "due", costly, received)
	review := func() (*trial.Buyer, tracker.Deadline) {
		b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "due", Quantity: 2}))
		b.Await(t, "in_review")
		var d []tracker.Deadline
		trial.Await(t, "the deadline of the review", func() (bool, string) {
			d = all[tracker.Deadline](t, w.operator(), "/v1/deadlines?service=fraud&order="+b.ID)
			return len(d) == 1, fmt.Sprintf("%+v", d)
		})
		return b, d[0]
	}
	change := func(status int, method, id string, due *time.Time) trial.Answer {
		t.Helper()
		var body any
		if due != nil {
			body = map[string]any{"due_at": due}
		}
		return w.operator().Must(t, status, method, "/v1/deadlines/"+id, body)
	}
	in := func(d time.Duration) *time.Time {
		at := time.Now().Add(d).UTC().Truncate(time.Microsecond)
		return &at
	}
	fired, moved := review()
	past, gone := review()
	var kept *trial.Buyer
	var off tracker.Deadline
	soon := in(0)
	for wait := 5 * time.Second; time.Now().After(*soon); wait *= 2 { // a busy machine takes it off after it fired
		kept, off = review()
		soon = in(wait)
		if d := trial.Read[tracker.Deadline](t, change(200, "PATCH", off.ID, soon)); d.ID != off.ID || !d.DueAt.Equal(*soon) ||
			d.By != "operator" || d.At == nil {
			t.Errorf("moved is %+v", d)
		}
		a, err := w.operator().Send("DELETE", "/v1/deadlines/"+off.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if time.Now().After(*soon) {
			continue
		}
		if d := trial.Read[tracker.Deadline](t, a); a.Status != 200 || d.DueAt != nil || d.By != "operator" {
			t.Errorf("taken off is %d %+v", a.Status, d)
		}
	}
	change(200, "PATCH", moved.ID, in(time.Until(*soon)+time.Second))
	change(200, "PATCH", gone.ID, in(-time.Second))
	past.Await(t, "cancelled")
	if o := fired.Await(t, "cancelled"); o.Reason != "fraud_suspected" {
		t.Errorf("it ended as %+v", o)
	}
	if time.Now().Before(*soon) {
		t.Error("the later deadline fired before the earlier one was due")
	}
	if o := kept.Order(t); o.Status != "in_review" {
		t.Errorf("a cancelled deadline has fired: %+v", o)
	}
	told := w.complete(t, fired.ID)
	if !slices.ContainsFunc(told.Events, func(e tracker.Event) bool {
		return e.Type == "fraud.rejected.v1" && e.Reaction == (tracker.Reaction{Form: "deadline", On: "fraud.review_requested.v1"})
	}) {
		t.Errorf("told are %+v", told.Events)
	}
	if d := all[tracker.Deadline](t, w.operator(), "/v1/deadlines?service=fraud&order="+kept.ID); len(d) != 1 || d[0].DueAt != nil ||
		d[0].By != "operator" {
		t.Errorf("deadlines are %+v", d)
	}

	change(409, "PATCH", moved.ID, in(time.Hour))
	change(404, "DELETE", "01950000-0000-7000-8000-000000000000", nil)
	w.operator().Must(t, 422, "PATCH", "/v1/deadlines/"+off.ID, map[string]any{})
	w.Pause(t, "fraud")
	if a := change(503, "PATCH", off.ID, in(time.Hour)); !strings.Contains(a.Body, "may not be running") {
		t.Errorf("answered %s", a.Body)
	}
	w.Resume(t, "fraud")
	change(200, "PATCH", off.ID, in(0))
	kept.Await(t, "cancelled")
}

func TestWhatAServiceCannotProcessIsOwedWithItsReasonAndTheLedgerTellsOfTheDamage(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Gate.Shut("/sim/gateway/v1/captures")
	w.Site.Sell(t, "parked", price, received)
	b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "parked", Quantity: 1}))
	b.Await(t, "preparing")
	w.Damage(t, "inventory", `UPDATE reservations SET status = 'released' WHERE order_id = ?`, b.ID)
	w.Gate.Open() // the parcel leaves, and inventory has no reservation for it
	var owed []tracker.Obligation
	trial.Await(t, "what inventory owes", func() (bool, string) {
		owed = all[tracker.Obligation](t, w.operator(), "/v1/obligations?overdue=true&cause="+tracker.CauseParked)
		return len(owed) == 1, fmt.Sprintf("%+v", owed)
	})
	if o := owed[0]; o.Order != b.ID || o.Service != "inventory" || o.On != "shipping.dispatched.v1" ||
		!strings.Contains(o.Detail, "left although nothing is set aside for it") {
		t.Errorf("owed is %+v", o)
	}
	trial.Await(t, "the ledger's break", func() (bool, string) {
		a := w.operator().Must(t, 200, "GET", "/v1/conservation", nil)
		found := trial.Read[struct {
			Breaks []struct{ Kind, Order, Text string }
		}](t, a)
		return slices.ContainsFunc(found.Breaks, func(x struct{ Kind, Order, Text string }) bool {
			return x.Order == b.ID && strings.Contains(x.Text, "released")
		}), a.Body
	})
}
