package store

import (
	"encoding/json"
	"reflect"
	"testing"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestACaseSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	review := event.ReviewRequested.Of(event.ReviewRequestedV1{Score: 45, Rules: []string{"amount"}})
	for _, past := range [][]saga.Event{
		nil,
		{event.Cleared.Of(event.ClearedV1{By: "rules"})},
		{review},
		{review, event.Rejected.Of(event.RejectedV1{Score: 45, Rules: []string{"amount"}, By: "operator", Operator: "op1"})},
		{event.CountRequested.Of(event.CountRequestedV1{Score: 25, Rules: []string{"throwaway_mail"}, Orders: 3})},
		{review, event.Closed.Of(event.ClosedV1{})},
	} {
		want := sagatest.Given(t, fraud.Choreography.Machine(), past...).State().(fraud.Case)
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
