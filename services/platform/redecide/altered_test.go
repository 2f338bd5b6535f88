package redecide

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
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

// concerned are the keys of which the machine said something by the row, as the events themselves tell.
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
		if cause, on := said[e.Cause]; on && cause.Type == row.On.Name() && strings.HasPrefix(e.Via, via) && (via != "") == (e.Via != "") {
			keys[cause.Key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func TestARowTakenOutDiffersInWhatItLedToAndNowhereElse(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for seed := range uint64(6) {
		s := open(t, seed, apps())
		s.trade(12)
		log := s.record()
		for _, app := range s.apps {
			for n, b := range app.Bindings {
				for i, row := range b.Machine.Rows {
					if len(row.Emits) == 0 || saga.IsCommand(row.On) {
						continue
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
	t.Log(len(tried))
}
