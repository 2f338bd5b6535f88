package exploration_test

import (
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	orders "orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/internal/choreography"
	"orderflow.example/services/platform/internal/exploration"
	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// lesser is a machine with one row taken out.
type lesser struct {
	row     saga.Row
	machine *saga.Machine
}

func (l lesser) String() string {
	return l.machine.String() + " " + l.row.Form.String() + " " + l.row.On.Name()
}

func lessers[S any](c saga.Choreography[S]) (all []lesser) {
	rows := c.Rows
	for i, row := range rows {
		c.Rows = slices.Delete(slices.Clone(rows), i, i+1)
		all = append(all, lesser{row, c.Machine()})
	}
	return all
}

// harmless are rows without which an order still ends as it should, and why they are there.
var harmless = map[string]string{
	"order on payment.declined.v1":           "it ends at once, not when its time is up",
	"order on shipping.prepared.v1":          "the customer is told",
	"order on shipping.return_authorized.v1": "the customer is told",
	"order on shipping.return_refused.v1":    "the customer is told",
	"order on refund.failed.v1":              "the customer is told",
	"fraud on decide_review":                 "it ends at once, not when its time is up",
}

func TestNoRowCanBeTakenOutUnnoticed(t *testing.T) {
	t.Parallel()
	few := roots(func(r model.Scene) bool {
		return r.Stock == "enough" && (r.Customer == "trusted" || r.Operator == "approves") && (r.Returns == "" || r.Returns != "each" && !r.Cancels)
	})
	usual := exploration.Run(exploration.Model(exploration.Machines(), few), explore.Options{}).Unsaid
	noticed := func(l lesser) string {
		machines := choreography.Machines(platform.Apps...)
		machines[slices.IndexFunc(machines, func(m *saga.Machine) bool { return m.String() == l.machine.String() })] = l.machine
		if faults := choreography.Faults(choreography.Check(choreography.LanguageOf(platform.Apps...), machines...)); len(faults) > 0 {
			return faults[0].Text
		}
		r := exploration.Run(exploration.Model(with(l.machine), few), explore.Options{})
		if r.Violation != nil {
			return r.Violation.Why
		}
		return strings.Join(slices.DeleteFunc(r.Unsaid, func(name string) bool { return slices.Contains(usual, name) }), ", ")
	}
	for _, l := range slices.Concat(lessers(orders.Choreography), lessers(fraud.Choreography), lessers(fraud.Customers), lessers(inventory.Choreography),
		lessers(payment.Choreography), lessers(shipping.Choreography), lessers(warehouse.Picks), lessers(refund.Choreography)) {
		switch why := noticed(l); {
		case why == "" && harmless[l.String()] == "":
			t.Errorf("nobody notices that %s is missing", l)
		case why != "" && harmless[l.String()] != "":
			t.Errorf("%s is not harmless: %s", l, why)
		}
	}
}
