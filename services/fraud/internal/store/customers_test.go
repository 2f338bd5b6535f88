package store

import (
	"reflect"
	"testing"
	"time"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
)

func TestCustomersReadBackAsTheyWereSaved(t *testing.T) {
	t.Parallel()
	db := open(t)
	at := time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)
	want := map[string]any{
		"ada": fraud.Customer{ID: "ada", Seen: []fraud.Seen{{Order: "a", At: at}, {Order: "b", At: at.Add(time.Second)}}},
		"bob": fraud.BlankCustomer("bob"),
	}
	states := Customers().Memory()
	for id, c := range want {
		states.Put(saga.Event{Key: id}, c)
	}
	if err := states.Save(db); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := Customers().Each(db, func(id string, c any) error { got[id] = c; return nil }); err != nil ||
		!reflect.DeepEqual(got, want) {
		t.Errorf("read back %v (%v)\nwant %v", got, err, want)
	}
}
