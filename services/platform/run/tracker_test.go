package run_test

import (
	"encoding/json"
	"testing"
	"time"

	"orderflow.example/schemas"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/storefront"
	"orderflow.example/services/tracker"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// No customer can place such an order over HTTP: the storefront refuses it. The order service does not rely on that.
func TestTheTrackerTellsARejectedOrderToItsEnd(t *testing.T) {
	t.Parallel()
	var machines []*saga.Machine
	for _, app := range run.Apps {
		for _, b := range app.Bindings {
			machines = append(machines, b.Machine)
		}
	}
	w := sagatest.NewWorld(t, 1, machines...)
	for _, app := range run.Apps {
		for _, b := range app.Bindings {
			w.Keep(b.Machine, b.Store.Memory())
		}
	}
	lines := []schemas.Line{{SKU: "tea", Quantity: 1, UnitPrice: price}}
	w.Tell("o1", storefront.PlaceOrder.Of(storefrontevent.OrderPlacedV1{CustomerID: "ann", Lines: lines,
		Total: schemas.Money{Amount: price, Currency: "GBP"}, ShipTo: schemas.Address{Name: "Ann", Line1: "1 Road", City: "Leeds",
			Postcode: "LS1", Country: "XX"},
		Email: "ann@example.com", PaymentToken: "tok_ok", FillPolicy: "fill_all"}))
	w.Settle()

	x := tracker.New(machines)
	numbers := map[string]int64{}
	var records []tracker.Record
	for _, e := range w.Log {
		data, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		topic := saga.Topic(e.Type)
		numbers[topic]++
		records = append(records, tracker.Record{Topic: topic, Offset: numbers[topic] - 1, Sequence: numbers[topic],
			ID: e.ID, Type: e.Type, Key: e.Key, Saga: e.Saga, Cause: e.Cause, Via: e.Via, Time: e.Time, Data: data})
		x.Add(&records[len(records)-1])
	}
	for _, app := range run.Apps {
		x.Report(tracker.Report{Service: app.Name, Process: app.Name, At: time.Now(), Every: time.Second,
			Partitions: []tracker.Progress{{Epoch: 1, Applied: numbers, Committed: numbers[app.Topic()]}}})
	}
	told, found := x.Saga("o1", records, time.Now())
	if !found || told.State != "rejected" || told.Reason != "unknown_country" || told.EndedAt == nil || told.Stuck != nil ||
		len(told.Obligations) != 0 ||
		len(told.Events) != len(w.Log) {
		t.Errorf("told %+v", told)
	}
}
