package fraud

import (
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

const (
	reviewWithin = 7 * 24 * time.Hour   // for an operator; the order service waits a day longer
	factsWithin  = time.Minute          // then an operator decides without them
	ForgetAfter  = 180 * 24 * time.Hour // a chargeback: cards expire, and people move

	keyRuleSet = schemas.KeyRuleSet
)

// Choreography is everything the fraud service does about an order. The rules in force are looked up and read; until others are
// activated they are own.
func Choreography(own *Rules, read Reader) saga.Choreography[Case] {
	j := judge{own, read}
	live := func(Case, event.CardIdentifiedV1) []string { return []string{Live} }
	rules := []saga.Kind{event.RulesActivated}
	return saga.Choreography[Case]{
		Service: "fraud",
		Key:     saga.Order,
		Blank:   Blank,
		Evolve:  Evolve,
		Failed:  []saga.Kind{event.Rejected},
		Final:   []saga.Kind{event.Closed, event.FactNoted},
		Rows: []saga.Row{
			saga.Known(event.RulesActivated),
			saga.Known(event.Listed),
			saga.Known(event.Delisted),

			saga.OnLook(order.Validated, []saga.Kind{event.RulesActivated, event.Listed, event.Delisted},
				func(_ Case, e order.ValidatedV1) []string { return append(SubjectsOf(e), Live) }, j.assess,
				event.Cleared, event.Rejected, event.ReviewRequested, event.FactsRequested, event.OrderSeen, event.CardRequested),
			saga.Call(event.CardRequested, IdentifyCard, cardAnswered, event.CardIdentified, event.OrderSeen).
				DroppedBy(event.ReviewRequested, event.Closed),
			saga.OnLook(event.CardIdentified, rules, live, j.cardIdentified,
				event.Cleared, event.Rejected, event.ReviewRequested),
			saga.OnLook(event.VelocityMeasured, rules, func(Case, event.VelocityMeasuredV1) []string { return []string{Live} }, j.measured,
				event.FactNoted, event.Cleared, event.Rejected, event.ReviewRequested),
			saga.After(factsWithin, event.FactsRequested, giveUpGathering, event.ReviewRequested).
				Settled(event.Cleared, event.Rejected, event.ReviewRequested, event.Closed),
			saga.After(factsWithin, event.CardRequested, giveUpOnCard, event.ReviewRequested).
				Settled(event.CardIdentified, event.Closed),
			saga.After(factsWithin, event.CardIdentified, giveUpOnHistory, event.ReviewRequested).
				Settled(event.Cleared, event.Rejected, event.ReviewRequested, event.Closed),

			saga.On(DecideReview, decideReview, event.Cleared, event.Rejected),
			saga.After(reviewWithin, event.ReviewRequested, giveUp, event.Rejected).
				Settled(event.Cleared, event.Rejected, event.Closed),
			saga.On(order.Cancelled, closeCase, event.Closed).Compensates(event.ReviewRequested, event.FactsRequested,
				event.CardRequested),

			saga.On(payment.ChargedBack, chargedBack, event.OutcomeNoted),
			saga.OnLook(refund.Issued, rules, func(Case, refund.IssuedV1) []string { return []string{Live} }, j.refunded,
				event.OutcomeNoted),
			saga.On(event.OutcomeNoted, tell, event.OutcomeReported),
		},
	}
}

// Subjects is what the service does about a subject: it consumes events of the machine above, and answers them.
var Subjects = saga.Choreography[Subject]{
	Service: "fraud",
	Key:     schemas.KeySubject,
	Blank:   BlankSubject,
	Evolve:  EvolveSubject,
	Final:   []saga.Kind{event.OutcomeLearned},
	Rows: []saga.Row{
		saga.On(event.OrderSeen, count, event.OrderCounted),
		saga.On(event.OrderCounted, measure, event.VelocityMeasured),
		saga.On(event.OutcomeReported, learn, event.OutcomeLearned, event.Listed),
		saga.After(ForgetAfter, event.Listed, forget, event.Delisted),
	},
}

// DecideReview is an operator's command about an order in review.
var DecideReview = saga.Command[Decision]("decide_review")

// Decision is what an operator decided.
type Decision struct {
	Approve bool
	By      string           // the operator
	Request *schemas.Request // the operator's HTTP request
}

// IdentifyCard asks the gateway which card a token stands for. It moves no money, and can be asked any number of times.
var IdentifyCard = saga.Ask[event.CardRequestedV1, CardAnswer]("gateway.card")

// CardAnswer is the gateway's answer: nothing for a token that stands for no certain card.
type CardAnswer struct{ Fingerprint, Country string }
