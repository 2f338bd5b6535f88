package app

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// shadow judges recorded orders by rules that were not in force. Histories it counts itself, as these rules ask for them; which
// card an order was paid with it knows only if the gateway was asked then.
type shadow struct {
	rules    *fraud.Rules
	machine  *saga.Machine // of subjects
	subjects map[string]fraud.Subject
	listed   map[string]time.Time // when each was put on the block list last
	open     map[string]*recorded // orders without a decision
	known    map[string][]string  // the subjects of decided orders
}

// recorded is what is known of one order by now.
type recorded struct {
	order.ValidatedV1
	at   time.Time
	card *event.CardIdentifiedV1
}

func newShadow(text string) (service.Shadow, error) {
	r, err := rules.Read(text)
	if err != nil {
		return nil, err
	}
	return &shadow{rules: r, machine: fraud.Subjects.Machine(), subjects: map[string]fraud.Subject{}, listed: map[string]time.Time{},
		open: map[string]*recorded{}, known: map[string][]string{}}, nil
}

func (s *shadow) Rules() string { return s.rules.Set() }

func (s *shadow) Hears() []saga.Kind {
	return []saga.Kind{order.Validated, payment.ChargedBack, refund.Issued, event.CardIdentified, event.Cleared, event.Rejected,
		event.ReviewRequested}
}

func (s *shadow) Hear(e saga.Event) *service.Judged {
	switch d := e.Data.(type) {
	case order.ValidatedV1:
		s.open[e.Key] = &recorded{ValidatedV1: d, at: e.Time}
	case event.CardIdentifiedV1:
		if o := s.open[e.Key]; o != nil {
			o.card = &d
		}
	case payment.ChargedBackV1:
		disputed := fraud.Disputed(s.known[e.Key], d)
		for _, subject := range disputed {
			s.listed[subject] = e.Time
		}
		s.outcome(e, "chargeback", d.DisputeID, disputed)
	case refund.IssuedV1:
		s.outcome(e, "refund", d.RefundID, s.known[e.Key])
	case event.ClearedV1:
		return s.judge(e, fraud.Cleared, d.Rules)
	case event.RejectedV1:
		return s.judge(e, fraud.Rejected, d.Rules)
	case event.ReviewRequestedV1:
		return s.judge(e, fraud.InReview, d.Rules)
	}
	return nil
}

// judge compares the first decision about an order: later ones are those of people.
func (s *shadow) judge(e saga.Event, was fraud.Status, wasFor []string) *service.Judged {
	o := s.open[e.Key]
	if o == nil {
		return nil
	}
	delete(s.open, e.Key)
	f, subjects := fraud.FactsOf(o.ValidatedV1), fraud.SubjectsOf(o.ValidatedV1)
	_, asksCard := s.rules.Asks[fraud.Card]
	asksCard = asksCard && s.rules.AsksCard(f)
	if o.card != nil {
		f.CardCountry = o.card.Country
		if o.card.Fingerprint != "" {
			subjects = append(subjects, fraud.SubjectKey(fraud.Card, o.card.Fingerprint))
		}
	}
	s.known[e.Key] = subjects
	for _, subject := range subjects {
		kind := fraud.KindOf(subject)
		isListed := o.at.Before(s.listed[subject].Add(fraud.ForgetAfter))
		if slices.Contains(s.rules.Listed, kind) && isListed {
			f.Order.Listed = append(f.Order.Listed, kind)
		}
		windows, asked := s.rules.Asks[kind]
		if !asked || kind == fraud.Card && !asksCard {
			continue
		}
		for _, emitted := range s.tell(subject, o.at, event.OrderSeen.Of(event.OrderSeenV1{OrderID: e.Key, Windows: windows})) {
			if m, is := emitted.Data.(event.VelocityMeasuredV1); is {
				m.History.Listed = isListed
				f = f.With(kind, m.History)
			}
		}
	}
	score, hits := s.rules.Score(f)
	return &service.Judged{Order: e.Key, At: e.Time, Was: string(was), WasFor: wasFor, Would: string(s.rules.Outcome(score)),
		WouldFor: hits, Incomplete: asksCard && o.card == nil}
}

func (s *shadow) outcome(e saga.Event, outcome, ref string, subjects []string) {
	for _, subject := range subjects {
		s.tell(subject, e.Time, event.OutcomeReported.Of(event.OutcomeReportedV1{OrderID: e.Key, Outcome: outcome, Ref: ref}))
	}
}

// tell lets the subject's machine take in an event of this time.
func (s *shadow) tell(subject string, at time.Time, e saga.Event) []saga.Event {
	state, known := s.subjects[subject]
	if !known {
		state = fraud.BlankSubject(subject)
	}
	step, err := s.machine.Hear(state, e, func(e *saga.Event) { e.Time = at })
	if err != nil {
		return nil // it would be parked
	}
	s.subjects[subject] = step.State.(fraud.Subject)
	return step.Emitted
}
