package exploration_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	orders "orderflow.example/schemas/order"
	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// lesser is a machine without one of its rows.
type lesser struct {
	row     saga.Row
	machine *saga.Machine
}

func (l lesser) String() string {
	return l.machine.String() + " " + l.row.Form.String() + " " + l.row.On.Name()
}

func lessers(m *saga.Machine) (all []lesser) {
	for i, row := range m.Rows {
		if row.Form == saga.Lookup {
			continue // without it there is no machine: Choreography.Machine refuses a lookup that nothing keeps
		}
		all = append(all, lesser{row, saga.Choreography[any]{
			Service: m.Service, Key: m.Key, Also: m.Also, Final: m.Final, Series: m.Series, Blank: m.Blank, Evolve: m.Evolve,
			Rows: slices.Delete(slices.Clone(m.Rows), i, i+1),
		}.Machine()})
	}
	return all
}

// harmless are rows without which an order still ends correctly, by the services' models.
func harmless() map[string]string {
	all := map[string]string{}
	for _, app := range services.All {
		for row, why := range app.Model.Harmless {
			all[app.Name+" "+row] = why
		}
	}
	return all
}

// trials are scenes in which rows are missed, those with the fewest states first.
var trials = []model.Scene{
	{}, {Cancels: true}, {Missing: true}, {Customer: "review"}, {Customer: "review", Operator: "approves"}, {Gateway: "reverses"},
	{Returns: "all"}, {Gateway: "disputes"}, {Scans: true}, {Fill: "fill_available"},
}

func trial(machines []*saga.Machine, s model.Scene) exploration.Report {
	s.Stock, s.Fill, s.Customer = "enough", cmp.Or(s.Fill, "fill_all"), cmp.Or(s.Customer, "trusted")
	return exploration.Run(exploration.Model(machines, []model.Scene{s}), explore.Options{})
}

// replaced are machines of which one is replaced.
func replaced(machines []*saga.Machine, by *saga.Machine) []*saga.Machine {
	machines = slices.Clone(machines)
	machines[slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == by.String() })] = by
	return machines
}

// noticed tells what is wrong in the trials without the row; "" if nothing is. usual are their reports with it.
func (l lesser) noticed(machines []*saga.Machine, trials []model.Scene, usual []exploration.Report) string {
	checked := choreography.Check(choreography.LanguageOf(run.Apps...), replaced(choreography.Machines(run.Apps...), l.machine)...)
	if faults := choreography.Faults(checked); len(faults) > 0 {
		return faults[0].Text
	}
	for i, scene := range trials {
		if slices.Contains(usual[i].Unsaid, l.row.On.Name()) {
			continue // nothing happens that the row is about
		}
		r := trial(replaced(machines, l.machine), scene)
		if r.Violation != nil {
			return r.Violation.Why
		}
		never := slices.DeleteFunc(r.Unsaid, func(name string) bool { return slices.Contains(usual[i].Unsaid, name) })
		if len(never) > 0 {
			return "nothing leads to " + strings.Join(never, ", ")
		}
	}
	return ""
}

// Of an order in two parcels one may be cancelled, and the others go on: whoever does not hear of it is noticed.
func TestNoRowOfACancelledParcelCanBeTakenOutUnnoticed(t *testing.T) {
	t.Parallel()
	scene := model.Scene{Fill: "fill_available", Apart: true}
	all := exploration.Deciders()
	whole := trial(all, scene)
	if whole.Violation != nil || slices.Contains(whole.Unsaid, orders.ParcelCancelled.Name()) {
		t.Fatalf("%v, unsaid %v", whole.Violation, whole.Unsaid)
	}
	t.Logf("%d states, %d transitions, %d ends, in %.1f s", whole.States, whole.Transitions, whole.Ends, whole.Seconds)
	for _, m := range all {
		for _, l := range lessers(m) {
			if isAboutParcels(l.row) && trial(replaced(all, l.machine), scene).Violation == nil {
				t.Errorf("nobody notices that %s is missing", l)
			}
		}
	}
}

func isAboutParcels(r saga.Row) bool { return r.On.Name() == orders.ParcelCancelled.Name() }

func TestNoRowCanBeTakenOutUnnoticed(t *testing.T) {
	t.Parallel()
	all := exploration.Machines()
	noneOf(t, trials, all, all)
	for _, m := range exploration.Listeners() {
		plain := slices.DeleteFunc(slices.Clone(trials), func(s model.Scene) bool { return s.Gateway != "" })
		noneOf(t, plain, []*saga.Machine{m}, append(exploration.Machines(), m))
	}
}

// noneOf tests that no row of some machines can be taken out unnoticed in these trials, where these machines are.
func noneOf(t *testing.T, trials []model.Scene, some, machines []*saga.Machine) {
	t.Helper()
	var usual []exploration.Report
	for _, scene := range trials {
		usual = append(usual, trial(machines, scene))
	}
	harmless := harmless()
	for _, m := range some {
		for _, l := range lessers(m) {
			if isAboutParcels(l.row) {
				continue // the trials are of one parcel
			}
			switch why := l.noticed(machines, trials, usual); {
			case why == "" && harmless[l.String()] == "":
				t.Errorf("nobody notices that %s is missing", l)
			case why != "" && harmless[l.String()] != "":
				t.Errorf("%s is not harmless: %s", l, why)
			}
		}
	}
}
