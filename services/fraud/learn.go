package fraud

import (
	"slices"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// The outcomes of orders that their subjects are told of.
const (
	byChargeback = "chargeback"
	byRefund     = "refund"
)

// chargedBack tells the order's subjects of a chargeback.
func chargedBack(c Case, e payment.ChargedBackV1) []saga.Event {
	return c.report(byChargeback, e.DisputeID, Disputed(c.Subjects, e))
}

// Disputed are those of an order's subjects that its chargeback is about: customer, address and the card, which the gateway names
// now if not before. A mail domain is shared by strangers.
func Disputed(subjects []string, e payment.ChargedBackV1) []string {
	told := slices.DeleteFunc(slices.Clone(subjects), func(s string) bool { return KindOf(s) == MailDomain })
	if card := SubjectKey(Card, e.Card); e.Card != "" && !slices.Contains(told, card) {
		told = append(told, card)
	}
	return told
}

// refunded tells the subjects whose history the rules ask for.
func (j judge) refunded(c Case, e refund.IssuedV1, look saga.Look) []saga.Event {
	r := j.live(look)
	if r == nil {
		return nil
	}
	return c.report(byRefund, c.because(e), slices.DeleteFunc(slices.Clone(c.Subjects), func(s string) bool {
		_, asked := r.Asks[KindOf(s)]
		return !asked
	}))
}

// because is what the refund counts as: itself. Where an order that leaves in several parcels is cancelled, or goods of several
// come back at once, each parcel has its refund, and the customer has done one thing.
func (c Case) because(e refund.IssuedV1) string {
	switch {
	case e.ShipmentID == "":
	case e.ReturnID != "":
		return e.ReturnID
	case e.Reason == "cancelled":
		return c.Order
	}
	return e.RefundID
}

func (c Case) report(outcome, ref string, subjects []string) []saga.Event {
	if len(subjects) == 0 || slices.Contains(c.Outcomes, ref) {
		return nil
	}
	return []saga.Event{event.OutcomeNoted.Of(event.OutcomeNotedV1{Outcome: outcome, Ref: ref, Told: subjects})}
}

func tell(c Case, e event.OutcomeNotedV1) (events []saga.Event) {
	for _, s := range e.Told {
		events = append(events, event.OutcomeReported.About(s, event.OutcomeReportedV1{OrderID: c.Order, Outcome: e.Outcome,
			Ref: e.Ref}))
	}
	return events
}

// learn takes in how an order of the subject turned out. A chargeback puts it on the block list, or renews its time there.
func learn(s Subject, e event.OutcomeReportedV1) []saga.Event {
	if slices.Contains(s.Outcomes, e.Ref) {
		return nil
	}
	events := []saga.Event{event.OutcomeLearned.Of(event.OutcomeLearnedV1(e))}
	if e.Outcome == byChargeback {
		events = append(events, event.Listed.Of(event.ListedV1{Entry: s.Entry + 1, OrderID: e.OrderID}))
	}
	return events
}

// forget takes the subject off the block list, unless it was listed again since.
func forget(s Subject, e event.ListedV1) []saga.Event {
	if !s.Listed || s.Entry != e.Entry {
		return nil
	}
	return []saga.Event{event.Delisted.Of(event.DelistedV1{Entry: e.Entry})}
}
