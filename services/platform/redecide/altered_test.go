package redecide

import (
	"maps"
	"slices"
	"strings"
	"testing"

	fraudevent "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	refundevent "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
	"orderflow.example/shared/service"
)

// altered is the app with other rows in one of its machines.
func altered(app service.App, n int, rows func([]saga.Row) []saga.Row) service.App {
	app.Bindings = slices.Clone(app.Bindings)
	m := app.Bindings[n].Machine
	app.Bindings[n] = engine.Binding{Store: app.Bindings[n].Store, Machine: saga.Choreography[any]{
		Service: m.Service, Key: m.Key, Also: m.Also, Final: m.Final, Series: m.Series, Blank: m.Blank, Evolve: m.Evolve,
		Rows: rows(slices.Clone(m.Rows)),
	}.Machine()}
	return app
}

// concerned are the keys for which the machine emitted something by the row, found from the events alone.
func (l topics) concerned(m *saga.Machine, row saga.Row) []string {
	said := map[string]saga.Event{}
	var own []saga.Event
	for _, records := range l {
		for _, r := range records {
			e := saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Cause: r.Causation, Via: r.Via}
			if said[e.ID] = e; m.Emits(e.Type) {
				own = append(own, e)
			}
		}
	}
	keys := map[string]bool{}
	for _, e := range own {
		via := map[saga.Form]string{saga.Deadline: saga.ViaDeadline, saga.Calling: saga.ViaAnswer}[row.Form]
		if cause, on := said[e.Cause]; on && cause.Type == row.On.Name() && strings.HasPrefix(e.Via, via) &&
			(via != "") == (e.Via != "") {
			keys[cause.Key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func TestARowTakenOutDiffersInWhatItLedToAndNowhereElse(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for seed := range uint64(3) {
		s := open(t, seed, apps())
		s.trade(12)
		log := s.record()
		for _, app := range s.apps {
			for n, b := range app.Bindings {
				for i, row := range b.Machine.Rows {
					if len(row.Emits) == 0 || saga.IsCommand(row.On) {
						continue
					}
					if len(b.Machine.Rows) == 1 {
						continue // without it the machine decides nothing, and is not decided again: the exploration misses the row
					}
					less := altered(app, n, func(rows []saga.Row) []saga.Row { return slices.Delete(rows, i, i+1) })
					want := log.concerned(b.Machine, row)
					r := log.again(t, less)
					name := b.Machine.String() + " " + row.Form.String() + " " + row.On.Name()
					if len(want) > 0 {
						tried[name] = true
					}
					var got []string
					for _, differs := range r.Rows {
						if differs.Machine+" "+differs.Form+" "+differs.On != name {
							t.Errorf("seed %d: without %s: %s", seed, name, text(t, r))
							break
						}
						got = slices.Sorted(slices.Values(differs.Orders))
					}
					if !slices.Equal(got, want) {
						t.Errorf("seed %d: without %s: differs in %v, not in %v", seed, name, got, want)
					}
				}
			}
		}
	}
	if len(tried) < 55 {
		t.Errorf("only %d rows led to anything: the traffic tests little", len(tried))
	}
}

// row replaces the row of this form on this event.
func row(with saga.Row) func([]saga.Row) []saga.Row {
	return func(rows []saga.Row) []saga.Row {
		i := slices.IndexFunc(rows, func(r saga.Row) bool { return r.Form == with.Form && r.On.Name() == with.On.Name() })
		rows[i] = with
		return rows
	}
}

func find(t testing.TB, name string) service.App {
	t.Helper()
	all := apps()
	return all[slices.IndexFunc(all, func(a service.App) bool { return a.Name == name })]
}

// dear is the total from which the tests below review an order; the shop's orders are below it or far above.
const dear = 1500

func TestAnAlteredRuleListsTheOrdersItConcernsUnderItsRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app  service.App
		on   saga.Kind
		keys func(e saga.Event) bool // by what was heard
		says string
	}{
		"a limit": {
			altered(find(t, "fraud"), 0, row(saga.On(order.Validated, func(s any, e order.ValidatedV1) []saga.Event {
				if e.Total.Amount > dear && s.(fraud.Case).Status == fraud.Unknown && !blocked(e) {
					return []saga.Event{fraudevent.Rejected.Of(fraudevent.RejectedV1{Score: 100, By: "rules"})}
				}
				return decided(find(t, "fraud"), 0, s, order.Validated.Of(e))
			}, fraudevent.Cleared, fraudevent.Rejected, fraudevent.ReviewRequested, fraudevent.FactsRequested, fraudevent.OrderSeen,
				fraudevent.CardRequested))),
			order.Validated, func(e saga.Event) bool {
				d := e.Data.(order.ValidatedV1)
				return d.Total.Amount > dear && !blocked(d)
			}, "recorded fraud.facts_requested.v1 + fraud.order_seen.v1; this build emits fraud.rejected.v1",
		},
		"a payload": {
			altered(find(t, "refund"), 0, row(saga.On(shipping.ReturnReceived, func(s any, e shipping.ReturnReceivedV1) []saga.Event {
				said := decided(find(t, "refund"), 0, s, shipping.ReturnReceived.Of(e))
				for i, one := range said {
					if d, ok := one.Data.(refundevent.RequestedV1); ok {
						d.Amount.Amount--
						said[i].Data = d
					}
				}
				return said
			}, refundevent.Readied, refundevent.Requested))),
			shipping.ReturnReceived, func(saga.Event) bool { return true }, "refund.requested.v1: amount.amount was ",
		},
		"one more event": {
			altered(find(t, "shipping"), 0, row(saga.On(order.Confirmed, func(s any, e order.ConfirmedV1) []saga.Event {
				return append(decided(find(t, "shipping"), 0, s, order.Confirmed.Of(e)), shipping.Readied.Of(shipping.ReadiedV1{By: "x"}))
			}, shipping.LabelRequested, shipping.Rejected, shipping.Readied))),
			order.Confirmed, func(saga.Event) bool { return true }, "this build emits shipping.label_requested.v1 + shipping.readied.v1",
		},
		"an answer to what it did not hear": {
			altered(find(t, "refund"), 0, func(rows []saga.Row) []saga.Row {
				return append(rows, saga.On(payment.Authorized, func(any, payment.AuthorizedV1) []saga.Event {
					return []saga.Event{refundevent.Readied.Of(refundevent.ReadiedV1{By: "x"})}
				}, refundevent.Readied))
			}),
			payment.Authorized, func(saga.Event) bool { return true }, "recorded nothing; this build emits refund.readied.v1",
		},
		"an answer to a service it did not hear": {
			altered(find(t, "refund"), 0, func(rows []saga.Row) []saga.Row {
				return append(rows, saga.On(inventory.Reserved, func(any, inventory.ReservedV1) []saga.Event {
					return []saga.Event{refundevent.Readied.Of(refundevent.ReadiedV1{By: "x"})}
				}, refundevent.Readied))
			}),
			inventory.Reserved, func(saga.Event) bool { return true }, "recorded nothing; this build emits refund.readied.v1",
		},
		"what it cannot decide": {
			altered(find(t, "warehouse"), 0, row(saga.On(shipping.Prepared, func(any, shipping.PreparedV1) []saga.Event { panic("oh") },
				warehouse.PickRequested))),
			shipping.Prepared, func(saga.Event) bool { return true }, "this build fails: warehouse: on shipping.prepared.v1: panic: oh",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			concerned := 0
			for seed := range uint64(4) {
				s := open(t, seed, apps())
				s.trade(12)
				want := map[string]bool{}
				for _, e := range s.world.Log {
					if e.Type == c.on.Name() && c.keys(e) && (name != "what it cannot decide" || led(s.world, e)) {
						want[e.Key] = true
					}
				}
				r := s.record().again(t, c.app)
				concerned += len(want)
				if len(want) == 0 && r.Holds() {
					continue
				}
				if len(r.Rows) != 1 || r.Rows[0].On != c.on.Name() || r.Rows[0].Form != "on" {
					t.Fatalf("seed %d, of %v: %s", seed, slices.Sorted(maps.Keys(want)), text(t, r))
				}
				if got := slices.Sorted(slices.Values(r.Rows[0].Orders)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
					t.Errorf("seed %d: got %v, want %v\n%s", seed, got, slices.Sorted(maps.Keys(want)), text(t, r))
				}
				if !strings.Contains(text(t, r), c.says) {
					t.Errorf("seed %d: %s", seed, text(t, r))
				}
			}
			if concerned == 0 {
				t.Error("no order was concerned")
			}
		})
	}
}

func blocked(e order.ValidatedV1) bool { return strings.HasSuffix(e.Email, "fraud.example") }

// decided is the unaltered app's decision on an event.
func decided(app service.App, n int, state any, e saga.Event) []saga.Event {
	e.Key = "key"
	step, err := app.Bindings[n].Machine.Hear(state, e, func(*saga.Event) {})
	if err != nil {
		panic(err)
	}
	for i := range step.Emitted {
		if one := &step.Emitted[i]; one.Key == e.Key {
			one.Key = ""
		}
	}
	return step.Emitted
}

// led tells whether anything was emitted because of the event.
func led(w *sagatest.World, e saga.Event) bool {
	return slices.ContainsFunc(w.Log, func(own saga.Event) bool { return own.Cause == e.ID })
}
