package saga_test

import (
	"fmt"
	"strings"
	"testing"

	"orderflow.example/shared/saga"
)

type (
	paidV1 struct {
		Pence int64 `json:"pence"`
	}
	paidV2 struct {
		Amount int64 `json:"amount"`
	}
	paidV3 struct {
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
	}
)

var (
	firstPaid  = saga.Define[paidV1]("bank.paid.v1")
	secondPaid = saga.Upcast(firstPaid, saga.Define[paidV2]("bank.paid.v2"), func(e paidV1) paidV2 {
		if e.Pence < 0 {
			panic("less than nothing")
		}
		return paidV2{Amount: e.Pence}
	})
	thirdPaid = saga.Upcast(secondPaid, saga.Define[paidV3]("bank.paid.v3"),
		func(e paidV2) paidV3 { return paidV3{e.Amount, "GBP"} })
	noted = saga.Define[paidV3]("till.noted.v1")
)

// till hears that something was paid, in this version and all before.
func till[E any](t saga.Type[E], rows ...saga.Row) *saga.Machine {
	return saga.Choreography[string]{Service: "till", Blank: func(string) string { return "" },
		Rows: append([]saga.Row{saga.On(t, func(_ string, e E) []saga.Event {
			return []saga.Event{noted.Of(paidV3{Currency: fmt.Sprint(e)})}
		}, noted)}, rows...)}.Machine()
}

func TestEarlierVersionsAreReadAsTheOneThatIsKnown(t *testing.T) {
	t.Parallel()
	m := till(thirdPaid)
	for name, data := range map[string]string{"bank.paid.v1": `{"pence":5}`, "bank.paid.v2": `{"amount":5}`,
		"bank.paid.v3": `{"amount":5,"currency":"GBP"}`} {
		k := m.Kind(name)
		if k == nil || k.Name() != "bank.paid.v3" || !m.Takes(name) {
			t.Fatalf("%s: kind %v, taken %v", name, k, m.Takes(name))
		}
		payload, err := k.Decode([]byte(data))
		if err != nil || payload != (paidV3{5, "GBP"}) {
			t.Errorf("%s reads %+v, %v", name, payload, err)
		}
		step, err := m.Hear("", saga.Event{Type: k.Name(), Data: payload}, func(*saga.Event) {})
		if err != nil || len(step.Emitted) != 1 || step.Emitted[0].Data.(paidV3).Currency != "{5 GBP}" {
			t.Errorf("%s leads to %+v, %v", name, step.Emitted, err)
		}
	}
	if e, err := m.Current(saga.Event{Type: "bank.paid.v1", Data: paidV1{7}}); err != nil || e.Type != "bank.paid.v3" ||
		e.Data != (paidV3{7, "GBP"}) {
		t.Errorf("the current version is %+v, %v", e, err)
	}
	_, err := m.Kind("bank.paid.v1").Decode([]byte(`{"pence":-1}`))
	if err == nil || !strings.Contains(err.Error(), "bank.paid.v1: read as bank.paid.v3: panic: less than nothing") {
		t.Errorf("what cannot be raised: %v", err)
	}
	if k := till(secondPaid, saga.On(firstPaid, func(string, paidV1) []saga.Event { return nil })).
		Kind("bank.paid.v1"); k.Name() != "bank.paid.v1" {
		t.Errorf("a version that has a row is read as %s", k.Name())
	}
}

func TestAVersionThatNobodyReadsIsTold(t *testing.T) {
	t.Parallel()
	third, second := []*saga.Machine{till(thirdPaid)}, []*saga.Machine{till(secondPaid)}
	keeps := saga.Choreography[string]{Service: "till", Blank: func(string) string { return "" },
		Rows: []saga.Row{saga.Known(secondPaid)}}.Machine()
	for name, c := range map[string]struct {
		machines []*saga.Machine
		event    string
		readable bool
	}{
		"known":                      {third, "bank.paid.v3", true},
		"upcast":                     {third, "bank.paid.v1", true},
		"newer":                      {second, "bank.paid.v3", false},
		"of no concern":              {second, "bank.opened.v9", true},
		"own":                        {second, "till.noted.v1", true},
		"own, not known any more":    {second, "till.closed.v1", false},
		"own, in another version":    {second, "till.noted.v2", false},
		"kept for lookups":           {[]*saga.Machine{keeps}, "bank.paid.v1", true},
		"kept for lookups, newer":    {[]*saga.Machine{keeps}, "bank.paid.v3", false},
		"another event, like a name": {second, "bank.paid_back.v1", true},
	} {
		if got := saga.Readable(c.machines, c.event); got != c.readable {
			t.Errorf("%s: %s is readable: %v", name, c.event, got)
		}
	}
}
