package tracker

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// loopback is a fraud service of two machines that consume each other's events.
func loopback() []*saga.Machine {
	customers := saga.Choreography[till]{Service: "fraud", Key: schemas.KeySubject, Blank: func(string) till { return till{} },
		Rows: []saga.Row{on(fraud.OrderSeen, fraud.OrderCounted), on(fraud.OrderCounted, fraud.VelocityMeasured)}}.Machine()
	return []*saga.Machine{
		service("storefront", on(placeOrder, storefront.OrderPlaced)),
		service("order", on(storefront.OrderPlaced, order.Validated)),
		service("fraud", on(order.Validated, fraud.FactsRequested, fraud.OrderSeen), on(fraud.VelocityMeasured, fraud.Rejected),
			on(fraud.Rejected, fraud.Closed)),
		customers,
	}
}

func TestAServiceOwesWhatItsOtherMachineHasNotTakenIn(t *testing.T) {
	t.Parallel()
	s := newScene()
	const customer = "c1" // in the partition of the order, so that one topic partition holds all events of fraud
	_, validated := s.place(0, "o1")
	s.say(1, fraud.FactsRequested, "o1", validated, "", nil)
	seen := s.sayOf(1, fraud.OrderSeen, customer, "o1", validated, "", nil)
	owed := func(at float64) map[string]Obligation {
		x := New(loopback())
		for _, told := range s.reports {
			x.Report(told)
		}
		for _, r := range s.records {
			x.Add(&r)
		}
		return owedBy(x, "o1", "fraud", s.at(at))
	}
	const toCount, toClear = "reaction fraud.order_seen.v1", "reaction fraud.velocity_measured.v1"
	rejected := s.say(1.5, fraud.Rejected, "o1", "", "deadline", nil)
	s.say(1.5, fraud.Closed, "o1", rejected, "", nil) // by the same machine, at once: it has not read the topic for that
	s.report(2, "fraud", "fraud.events")
	late := owed(9)
	expect(t, late, toCount)
	if o := late[toCount]; !o.Overdue || o.Cause != CauseConsumer {
		t.Errorf("owed is %+v", o)
	}
	counted := s.sayOf(10, fraud.OrderCounted, customer, "o1", seen, "", nil)
	s.say(10, fraud.VelocityMeasured, "o1", counted, "", nil)
	expect(t, owed(11), toClear)
	s.report(12, "fraud")
	expect(t, owed(13))
}
