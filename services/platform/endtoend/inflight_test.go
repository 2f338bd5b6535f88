package endtoend_test

import (
	"fmt"
	"slices"
	"testing"

	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/check/inflight"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/saga"
)

func TestABuildThatWouldStrandOpenSagasIsToldSoByTheirOrders(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.Gate.Shut("/sim/carrier/v1/labels")
	w.Site.Sell(t, "in-flight", price, received)
	b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "in-flight", Quantity: 1}))
	b.Await(t, "confirmed")
	trial.Await(t, "the tracker to see the question", func() (bool, string) {
		told := w.saga(t, b.ID)
		return settled(told, "shipping call"), fmt.Sprintf("%+v", told.Obligations)
	})
	op := inflight.Operators{URL: w.operator().URL, Token: w.operator().Token}
	compare := func(next choreography.Choreography) inflight.Found {
		found, err := inflight.Compare(t.Context(), op, next)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := compare(choreography.Of(run.Apps...)); found.Open != 1 || len(found.Stranded) > 0 || len(found.Differences) > 0 {
		t.Errorf("the build that runs would strand %+v", found)
	}

	// The call for the parcel's label is open. A build of shipping without that call cannot continue it.
	machines := choreography.Machines(run.Apps...)
	next := choreography.Describe(machines...)
	for i, m := range next.Machines {
		next.Machines[i].Rows = slices.DeleteFunc(slices.Clone(m.Rows), func(r choreography.Row) bool {
			return r.Form == saga.Calling.String() && r.On == shipping.LabelRequested.Name()
		})
	}
	found := compare(next)
	want := choreography.Stranded{Order: b.ID, Service: "shipping",
		Text: "the question asked by shipping.label_requested is open, and this build of it does not know that one"}
	if !slices.Contains(found.Stranded, want) || !slices.Contains(found.Differences, "− shipping call shipping.label_requested") {
		t.Errorf("found %+v", found)
	}

	// A build of payment that captures on confirmation would never capture this order's money: it is confirmed already.
	next = choreography.Describe(machines...)
	for i, m := range next.Machines {
		for j, r := range m.Rows {
			if m.Service == payment.Choreography.Service && r.On == warehouse.Packed.Name() {
				rows := slices.Clone(m.Rows)
				rows[j].On = "order.confirmed.v1"
				next.Machines[i].Rows = rows
			}
		}
	}
	found = compare(next)
	want = choreography.Stranded{Order: b.ID, Service: "payment",
		Text: "says capture_requested on order.confirmed now, not on warehouse.packed any more, " +
			"and the order has order.confirmed behind it"}
	if !slices.Contains(found.Stranded, want) {
		t.Errorf("found %+v", found)
	}
	w.Gate.Open()
	b.Await(t, "completed")
}
