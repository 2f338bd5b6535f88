// Package fraud holds the events of the fraud service, which decides whether an order is trusted.
package fraud

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	Cleared         = saga.Define[ClearedV1]("fraud.cleared.v1")
	Rejected        = saga.Define[RejectedV1]("fraud.rejected.v1")
	ReviewRequested = saga.Define[ReviewRequestedV1]("fraud.review_requested.v1")
	Closed          = saga.Define[ClosedV1]("fraud.closed.v1")

	FactsRequested = saga.Define[FactsRequestedV1]("fraud.facts_requested.v1")
	CardRequested  = saga.Define[CardRequestedV1]("fraud.card_requested.v1")
	CardIdentified = saga.Define[CardIdentifiedV1]("fraud.card_identified.v1")
	FactNoted      = saga.Define[FactNotedV1]("fraud.fact_noted.v1")
	OutcomeNoted   = saga.Define[OutcomeNotedV1]("fraud.outcome_noted.v1")

	OrderSeen        = saga.Define[OrderSeenV1]("fraud.order_seen.v1").Keyed(schemas.KeySubject)
	OrderCounted     = saga.Define[OrderCountedV1]("fraud.order_counted.v1").Keyed(schemas.KeySubject)
	VelocityMeasured = saga.Define[VelocityMeasuredV1]("fraud.velocity_measured.v1")
	OutcomeReported  = saga.Define[OutcomeReportedV1]("fraud.outcome_reported.v1").Keyed(schemas.KeySubject)
	OutcomeLearned   = saga.Define[OutcomeLearnedV1]("fraud.outcome_learned.v1").Keyed(schemas.KeySubject)
	Listed           = saga.Define[ListedV1]("fraud.listed.v1").Keyed(schemas.KeySubject)
	Delisted         = saga.Define[DelistedV1]("fraud.delisted.v1").Keyed(schemas.KeySubject)

	RulesActivated = saga.Define[RulesActivatedV1]("fraud.rules_activated.v1").Keyed(schemas.KeyRuleSet)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	Cleared, Rejected, ReviewRequested, Closed, FactsRequested, CardRequested, CardIdentified, FactNoted, OutcomeNoted,
	OrderSeen, OrderCounted, VelocityMeasured, OutcomeReported, OutcomeLearned, Listed, Delisted, RulesActivated,
}

// ClearedV1: the order is trusted.
type ClearedV1 struct {
	Score    int64            `json:"score"`                                                          // 0 harmless … 100
	Rules    []string         `json:"rules,omitempty"`                                                // that added to the score
	RuleSet  string           `json:"rule_set,omitempty" example:"default@3f6c1a9d20b4"`              // applied: name@version
	By       string           `json:"by"`                                                             // rules, or operator
	Operator string           `json:"operator,omitempty"`                                             // who decided, with operator
	Request  *schemas.Request `json:"request,omitempty" x:"personal"`                                 // of the operator
	Subjects []string         `json:"subjects,omitempty" x:"personal" example:"[\"customer:10001\"]"` // what later orders may share
}

// RejectedV1: the order is not trusted.
type RejectedV1 struct {
	Score    int64            `json:"score"`
	Rules    []string         `json:"rules,omitempty"`
	RuleSet  string           `json:"rule_set,omitempty" example:"default@3f6c1a9d20b4"`
	By       string           `json:"by"`                             // rules, operator, or deadline
	Operator string           `json:"operator,omitempty"`             // who decided, with operator
	Request  *schemas.Request `json:"request,omitempty" x:"personal"` // of the operator
}

// ReviewRequestedV1: a person has to decide.
type ReviewRequestedV1 struct {
	Score    int64    `json:"score"`
	Rules    []string `json:"rules"`
	RuleSet  string   `json:"rule_set,omitempty" example:"default@3f6c1a9d20b4"`
	Subjects []string `json:"subjects,omitempty" x:"personal" example:"[\"customer:10001\"]"`
}

// ClosedV1: the order was cancelled before anybody decided; there is nothing left to decide.
type ClosedV1 struct{}

// FactsV1 are what rules know of an order by itself.
type FactsV1 struct {
	Amount      int64    `json:"amount"` // minor units
	Currency    string   `json:"currency" schema:"pattern=^[A-Z]{3}$"`
	Lines       int64    `json:"lines" example:"3"`
	Pieces      int64    `json:"pieces" example:"18"`
	LargestLine int64    `json:"largest_line" example:"6"` // pieces
	Country     string   `json:"country" schema:"pattern=^[A-Z]{2}$"`
	MailDomain  string   `json:"mail_domain" x:"personal" example:"example.com"`
	Token       string   `json:"token,omitempty" example:"tok_ok"`         // of the gateway, if a rule uses it
	Listed      []string `json:"listed,omitempty" example:"[\"address\"]"` // kinds of subjects that are on the block list
}

// FactsRequestedV1: before the order is decided, the history of some subjects is asked for.
type FactsRequestedV1 struct {
	Score       int64    `json:"score"` // without it
	Rules       []string `json:"rules,omitempty"`
	RuleSet     string   `json:"rule_set" example:"default@3f6c1a9d20b4"`
	Facts       FactsV1  `json:"facts"`
	Awaits      []string `json:"awaits" schema:"min=1" example:"[\"card\"]"` // kinds of subjects
	Subjects    []string `json:"subjects" x:"personal" example:"[\"customer:10001\"]"`
	CardWindows []int64  `json:"card_windows,omitempty" example:"[600]"` // over which the orders of the card are counted, in seconds
}

// CardRequestedV1 asks the gateway which card a token stands for.
type CardRequestedV1 struct {
	PaymentToken string `json:"payment_token"`
}

// CardIdentifiedV1: the gateway knows the card, or that the token stands for no certain one.
type CardIdentifiedV1 struct {
	Fingerprint string `json:"fingerprint,omitempty" x:"personal"`
	Country     string `json:"country,omitempty"` // where it was issued, if the gateway tells
}

// HistoryV1 is what is known of one subject.
type HistoryV1 struct {
	Orders      []int64 `json:"orders,omitempty"`                  // within each window, this one among them
	Windows     []int64 `json:"windows,omitempty" example:"[600]"` // seconds
	Earlier     int64   `json:"earlier" example:"4"`               // orders ever counted before
	Refunds     int64   `json:"refunds" example:"1"`               // that were reported
	Chargebacks int64   `json:"chargebacks" example:"0"`           // ever
	Listed      bool    `json:"listed" example:"false"`            // on the block list
}

// FactNotedV1: the history of one subject is known, and others are awaited.
type FactNotedV1 struct {
	Subject string    `json:"subject" example:"card"` // its kind
	History HistoryV1 `json:"history"`
}

// OutcomeNotedV1: the order turned out badly, and its subjects are told.
type OutcomeNotedV1 struct {
	Outcome string   `json:"outcome" example:"chargeback"`                     // chargeback or refund
	Ref     string   `json:"ref"`                                              // the dispute, the refund, or what several are for
	Told    []string `json:"told" x:"personal" example:"[\"customer:10001\"]"` // the subjects
}

// OrderSeenV1: an order of the subject is to be counted.
type OrderSeenV1 struct {
	OrderID string  `json:"order_id" schema:"min=1"`
	Windows []int64 `json:"windows,omitempty" example:"[600]"` // seconds; the longest bounds what is kept
}

// OrderCountedV1: the order counts among those of the subject.
type OrderCountedV1 struct {
	OrderID string  `json:"order_id" schema:"min=1"`
	Windows []int64 `json:"windows,omitempty" example:"[600]"`
}

// VelocityMeasuredV1 is the history of one of the order's subjects, this order counted.
type VelocityMeasuredV1 struct {
	Subject string    `json:"subject" example:"card"` // its kind
	History HistoryV1 `json:"history"`
}

// OutcomeReportedV1: an order of the subject turned out badly.
type OutcomeReportedV1 struct {
	OrderID string `json:"order_id" schema:"min=1"`
	Outcome string `json:"outcome" example:"chargeback"` // chargeback or refund
	Ref     string `json:"ref"`
}

// OutcomeLearnedV1: it is part of the subject's history.
type OutcomeLearnedV1 struct {
	OrderID string `json:"order_id" schema:"min=1"`
	Outcome string `json:"outcome" example:"chargeback"`
	Ref     string `json:"ref"`
}

// ListedV1: the subject is on the block list, for a time.
type ListedV1 struct {
	Entry   int64  `json:"entry" schema:"min=1" example:"1"` // how often it was listed
	OrderID string `json:"order_id" schema:"min=1"`          // because of which
}

// DelistedV1: the subject is on the block list no more.
type DelistedV1 struct {
	Entry int64 `json:"entry" schema:"min=1" example:"1"` // the last one that ended
}

// RulesActivatedV1: from here on these rules are applied.
type RulesActivatedV1 struct {
	Name    string           `json:"rule_set" schema:"min=1" example:"default"`
	Version string           `json:"version" schema:"min=1" example:"3f6c1a9d20b4"` // of the text: the beginning of its SHA-256
	Text    string           `json:"text" example:"name: default"`                  // the file
	Request *schemas.Request `json:"request,omitempty" x:"personal"`                // of an operator, if one activated them
}
