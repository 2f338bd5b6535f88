package exploration_test

import (
	"slices"
	"strings"
	"testing"

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

func TestNoRowCanBeTakenOutUnnoticed(t *testing.T) {
	t.Parallel()
	few := roots(func(r model.Scene) bool {
		return r.Stock == "enough" && (r.Customer == "trusted" || r.Operator == "approves") &&
			(r.Returns == "" || r.Returns != "each" && !r.Cancels)
	})
	usual := exploration.Run(exploration.Model(exploration.Machines(), few), explore.Options{}).Unsaid
	noticed := func(l lesser) string {
		machines := choreography.Machines(run.Apps...)
		machines[slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == l.machine.String() })] = l.machine
		if faults := choreography.Faults(choreography.Check(choreography.LanguageOf(run.Apps...), machines...)); len(faults) > 0 {
			return faults[0].Text
		}
		r := exploration.Run(exploration.Model(with(l.machine), few), explore.Options{})
		if r.Violation != nil {
			return r.Violation.Why
		}
		return strings.Join(slices.DeleteFunc(r.Unsaid, func(name string) bool { return slices.Contains(usual, name) }), ", ")
	}
	harmless := harmless()
	for _, m := range exploration.Machines() {
		for _, l := range lessers(m) {
			switch why := noticed(l); {
			case why == "" && harmless[l.String()] == "":
				t.Errorf("nobody notices that %s is missing", l)
			case why != "" && harmless[l.String()] != "":
				t.Errorf("%s is not harmless: %s", l, why)
			}
		}
	}
}
