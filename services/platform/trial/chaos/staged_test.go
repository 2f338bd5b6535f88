package chaos

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/bench"
)

func TestEachStageHasLoadBeforeDuringAndAfterItsFault(t *testing.T) {
	t.Parallel()
	for _, s := range Stages {
		if rest := s.Window - untilFault - s.Lasts; rest < 15*time.Second || s.Window > 2*time.Minute {
			t.Errorf("%s: %v of load, %v of them after the fault", s.Name, s.Window, rest)
		}
	}
}

// good is the result of stages without a fault.
func good() Staged {
	return Staged{
		Faults: []Result{{Name: "column", Verify: holds,
			Stood: &Standstill{Services: map[string]*Stood{"payment": {Seconds: 21, Partitions: 4}}}}},
		Unwritable: &bench.Unwritable{Seconds: 30, Refused: 60, Held: 600, CaughtUp: 1.5, Phases: []bench.Phase{
			{Name: "before", Sagas: 1, P99: 10}, {Name: "during", Sagas: 1, P99: 19}, {Name: "after", Sagas: 1, P99: 30}}},
		Burst: &bench.Burst{Within: 10, Product: bench.Product{Loads: []bench.Orders{
			{Accepted: 9000, Shed: 17000, Placing: bench.Quantiles{P99: 900}, Confirming: bench.Quantiles{P99: 12000}},
			{Accepted: 8}}}},
		Million: &Million{
			Samples: []Sample{{Events: 1_000_000, Rows: 70_000, Bytes: 100 << 20}, {Seconds: 90, Events: 1_000_000, Rows: 12}},
			Verify:  []Verification{{"before", 0, holds, 1}, {"during", 500_000, holds, 2}, {"after", 1_000_000, holds, 3}}},
	}
}

func TestWhatStagesLeftIsPrintedForPeopleAndMachines(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := good().Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"column", "payment 4 for 21 s", "600 sagas held up", "1.90 times", "before", "1000000", "agrees",
		"26000 orders", "17000 answered 503"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	data, err := json.Marshal(good())
	if err != nil || !strings.Contains(string(data), `"outbox_rows":12`) ||
		!strings.Contains(string(data), `"requests_refused":60`) {
		t.Errorf("%v %s", err, data)
	}
}

func TestAStageThatLeavesSomethingWrongDoesNotHold(t *testing.T) {
	t.Parallel()
	if !good().Holds() {
		t.Error("good stages do not hold")
	}
	for name, damage := range map[string]func(*Staged){
		"an order without an end":                func(s *Staged) { s.Faults[0].Ended = -1 },
		"partitions that still stand still":      func(s *Staged) { s.Faults[0].Stood.Remaining = 1 },
		"a standstill that nobody was told of":   func(s *Staged) { s.Faults[0].Stood.Services = nil },
		"other partitions twice as slow":         func(s *Staged) { s.Unwritable.Phases[1].P99 = 20 },
		"a verify that says no":                  func(s *Staged) { s.Million.Verify[1].Answer = "broken: outbox" },
		"a verify that was not asked for":        func(s *Staged) { s.Million.Verify = s.Million.Verify[:2] },
		"placing that takes for ever":            func(s *Staged) { s.Burst.Loads[0].Placing.P99 = 20_000 },
		"orders that wait for ever":              func(s *Staged) { s.Burst.Loads[0].Confirming.P99 = 60_000 },
		"orders refused after the burst":         func(s *Staged) { s.Burst.Loads[1].Shed = 1 },
		"an outbox from which nothing is pruned": func(s *Staged) { s.Million.Samples[1].Rows = 900_000 },
	} {
		s := good()
		if damage(&s); s.Holds() {
			t.Errorf("it holds with %s", name)
		}
	}
}
