package store

import (
	"encoding/json"
	"reflect"
	"testing"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestACaseSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	review := event.ReviewRequested.Of(event.ReviewRequestedV1{Score: 45, Rules: []string{"amount"}})
	gathering := event.FactsRequested.Of(event.FactsRequestedV1{Score: 25, Rules: []string{"throwaway_mail"}, RuleSet: "n@v",
		Facts: event.FactsV1{Amount: 5, Currency: "GBP", Country: "GB"}, Awaits: []string{"customer", "card"}})
	for _, past := range [][]saga.Event{
		nil,
		{event.Cleared.Of(event.ClearedV1{By: "rules"})},
		{review},
		{review, event.Rejected.Of(event.RejectedV1{Score: 45, Rules: []string{"amount"}, By: "operator", Operator: "op1"})},
		{gathering},
		{gathering, event.FactNoted.Of(event.FactNotedV1{Subject: "customer",
			History: event.HistoryV1{Windows: []int64{600}, Orders: []int64{2}}})},
		{event.Cleared.Of(event.ClearedV1{By: "rules", Subjects: []string{"customer:1"}, RuleSet: "n@v"}),
			event.OutcomeNoted.Of(event.OutcomeNotedV1{Outcome: "refund", Ref: "r"})},
		{review, event.Closed.Of(event.ClosedV1{})},
	} {
		want := sagatest.Given(t, fraud.Choreography(rules.Default, rules.Cached).Machine(), past...).State().(fraud.Case)
		data, err := json.Marshal(toRow(want)) // as the columns of lists do
		if err != nil {
			t.Fatal(err)
		}
		var r row
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		if got := fromRow(r); !reflect.DeepEqual(got, want) {
			t.Errorf("came back as %+v\nwant %+v", got, want)
		}
	}
}
