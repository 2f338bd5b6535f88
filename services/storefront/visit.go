package storefront

import (
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Visit is a visitor, of whom nothing is kept here.
type Visit struct{ Visitor string }

// BlankVisit is the only state of a visitor.
func BlankVisit(visitor string) Visit { return Visit{Visitor: visitor} }

// record emits what it is told. Interactions are not orders: one that is sent twice counts twice.
func record(_ Visit, e event.InteractionsRecordedV1) []saga.Event {
	return []saga.Event{event.InteractionsRecorded.Of(e)}
}
