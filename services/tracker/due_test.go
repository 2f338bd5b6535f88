package tracker

import (
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

func TestADeadlineAtATimeItsEventCarriesIsOwedAndListedAtThatTime(t *testing.T) {
	t.Parallel()
	const deadline = "deadline order.validated.v1"
	told := func(e order.ValidatedV1) time.Time { return time.Unix(e.Total.Amount, 0) }
	declared := machines()
	nothing := func(till, order.ValidatedV1) []saga.Event { return nil }
	declared[1] = service("order", saga.At(order.Validated, told, nothing, order.Cancelled).Settled(order.Confirmed))
	s := newScene()
	placed, _ := s.place(0, "other")
	s.place(0, "o1")
	due := s.at(7200)
	id := s.say(1, order.Validated, "o1", placed, "", order.ValidatedV1{CustomerID: "c1", Lines: goods, ShipTo: home,
		Email: "ada@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all",
		Total: schemas.Money{Amount: due.Unix(), Currency: "GBP"}})
	s.report(2, "order").NextDeadline = due
	seen := func() *Index {
		x := New(declared)
		for _, r := range s.reports {
			x.Report(r)
		}
		for _, r := range s.records {
			x.Add(&r)
		}
		return x
	}
	if o := owedBy(seen(), "o1", "order", s.at(3))[deadline]; o.Event != id || !o.Until.Equal(due) || o.Overdue {
		t.Errorf("owed is %+v, want one until %v", o, due)
	}
	if all := seen().Deadlines("o1", s.at(3)); len(all) != 1 || all[0].DueAt == nil || !all[0].DueAt.Equal(due) || all[0].ID != id {
		t.Errorf("the deadlines are %+v", all)
	}
	if o := owedBy(seen(), "o1", "order", s.at(7204))[deadline]; !o.Overdue {
		t.Errorf("owed is %+v, and it has passed", o)
	}
	s.say(4, order.Confirmed, "o1", "", "", nil)
	if o, owed := owedBy(seen(), "o1", "order", s.at(5))[deadline]; owed {
		t.Errorf("settled, owed is %+v", o)
	}
}
