package tracker

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
)

// figure is one of the figures, as the sum of its steps, the value of its last, and how many are known.
func figure(s Series, name, unit string) (sum, last float64, known int) {
	for _, f := range s.Series {
		if f.Name != name || f.Unit != unit {
			continue
		}
		for _, v := range f.Values {
			if v != nil {
				sum, last, known = sum+*v, *v, known+1
			}
		}
	}
	return sum, last, known
}

// till with money is a scene of four orders: two confirmed and paid, one of them ended, one cancelled, one open.
func paid() *scene {
	s := newScene()
	for i, id := range []string{"o1", "o2", "o3", "o4"} {
		placed, validated := s.place(float64(10*i), id)
		switch id {
		case "o1", "o2":
			asked := s.say(float64(10*i)+1, payment.AuthorizationRequested, id, validated, "", nil)
			got := s.say(float64(10*i)+2, payment.Authorized, id, asked, "", nil)
			s.say(float64(10*i)+2, order.Confirmed, id, got, "", nil)
			s.say(float64(10*i)+3, payment.Captured, id, got, "", payment.CapturedV1{Amount: price})
		case "o3":
			s.say(float64(10*i)+2, order.Cancelled, id, placed, "", order.CancelledV1{Reason: "timed_out", By: "deadline"})
			s.status(float64(10*i)+4, id, placed, "cancelled", true)
		}
		if id == "o1" {
			s.status(50, id, placed, "completed", true)
		}
	}
	return s
}

func TestFiguresOverTimeAreThoseOfTheEventsAndTheSameInWhateverOrderTheyAreRead(t *testing.T) {
	t.Parallel()
	s := paid()
	x := s.seen()
	for _, step := range Steps {
		got := x.Series(step, s.at(120))
		for name, want := range map[string]float64{"orders": 4, "ended": 2, "events": float64(len(s.records)),
			"compensations_timed_out": 1} {
			if sum, _, _ := figure(got, name, ""); sum != want {
				t.Errorf("%s, %s: %v, want %v", step, name, sum, want)
			}
		}
		if _, last, known := figure(got, "open", ""); last != 2 || known != len(got.Series[0].Values) {
			t.Errorf("%s: open are %v at the end, of %d steps", step, last, known)
		}
		if f := got.Series[0]; got.From.Add(time.Duration(len(f.Values)) * map[string]time.Duration{"1s": time.Second,
			"1m": time.Minute}[step]).After(s.at(120)) {
			t.Errorf("%s: it goes on after now: from %s, %d steps", step, got.From, len(f.Values))
		}
	}
	seconds := x.Series("1s", s.at(120))
	if _, took, _ := figure(seconds, "confirmed_p50", "s"); took < 2/wider || took > 2*wider {
		t.Errorf("confirmed within %v s, want about 2", took)
	}
	if _, took, known := figure(seconds, "ended_p99", "s"); known != 2 || took < 50/wider || took > 50*wider {
		t.Errorf("ended within %v s, of %d steps", took, known)
	}
	for n := range 20 {
		again := New(machines())
		for _, r := range s.shuffled(rand.New(rand.NewPCG(uint64(n), 1))) {
			again.Add(&r)
		}
		if got := again.Series("1s", s.at(120)); !reflect.DeepEqual(got, seconds) {
			t.Fatalf("read in another order the figures differ")
		}
	}
}

func TestMoneyOfTwoCurrenciesIsNeverAddedUp(t *testing.T) {
	t.Parallel()
	h := newHistory()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, m := range []schemas.Money{{Amount: 700, Currency: "GBP"}, {Amount: 300, Currency: "EUR"}, {Amount: 5, Currency: "GBP"}} {
		h.count(at.UnixNano(), payment.CapturedV1{Amount: m})
	}
	x := New(machines())
	x.history = h
	got := x.Series("1m", at.Add(time.Hour))
	for currency, want := range map[string]float64{"GBP": 705, "EUR": 300} {
		if sum, _, _ := figure(got, "captured", currency); sum != want {
			t.Errorf("%s: %v, want %v", currency, sum, want)
		}
	}
}

func TestAnEventOfAWrongTimeTakesOnePlaceAndAnOldOneNone(t *testing.T) {
	t.Parallel()
	h := newHistory()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	count := func(at time.Time) { h.at(at.UnixNano(), func(f *figures) { f.events++ }) }
	for i := range 600 {
		count(now.Add(-time.Duration(i) * time.Second))
	}
	count(now.AddDate(10, 0, 0))
	count(now.Add(-time.Hour))
	count(time.Unix(-5, 0))
	x := New(machines())
	x.history = h
	if sum, _, _ := figure(x.Series("1s", now.Add(time.Second)), "events", ""); sum < 599 || sum > 600 {
		t.Errorf("%v events are left", sum)
	}
}
