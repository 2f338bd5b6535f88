package refund_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// history is a random sequence of the other services' possible events of one order, each up to twice.
func history(random *rand.Rand) (heard []saga.Event, isTaken, isCancelled bool) {
	add := func(e saga.Event) {
		for range 1 + random.IntN(2) {
			heard = append(heard, e)
		}
	}
	if isTaken = random.IntN(5) > 0; isTaken {
		add(captured)
	}
	if isCancelled = random.IntN(2) == 0; isCancelled {
		add(cancelled)
	}
	if random.IntN(3) == 0 {
		add(lost)
	}
	for i := range random.IntN(4) {
		add(returned(fmt.Sprint("r", i), 1+random.Int64N(4)))
	}
	random.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
	return heard, isTaken, isCancelled
}

func TestMoneyIsConservedWhateverIsHeardInWhateverOrder(t *testing.T) {
	t.Parallel()
	refusals, full := 0, 0
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		heard, isTaken, isCancelled := history(random)
		refuses := seed%3 == 0
		w := sagatest.NewWorld(t, seed, machine)
		given := map[string]int64{} // the gateway's refunds
		sagatest.Outside(w, refund.GiveBack, func(e saga.Event, asked event.RequestedV1) (refund.RefundAnswer, bool) {
			if asked.Reference != "auth_1" || asked.Amount.Currency != "GBP" || asked.Amount.Amount <= 0 {
				t.Fatalf("seed %d: the gateway was asked for %+v", seed, asked)
			}
			if refuses && random.IntN(3) == 0 {
				refusals++
				return refund.RefundAnswer{RefundID: e.ID, Refused: "card_closed"}, true
			}
			given[e.ID] += asked.Amount.Amount
			return refund.RefundAnswer{RefundID: e.ID}, true
		})
		check := func() {
			r := w.State("refund", sagatest.Order).(refund.Refund)
			issued := schemas.Money{Currency: "GBP"}
			for _, i := range sagatest.Said(w, event.Issued) {
				issued.Amount += i.Amount.Amount
			}
			if sum := total(given); issued.Amount != sum || r.Refunded != sum || sum > 1000 || r.Left() < 0 || r.Pending < 0 {
				t.Fatalf("seed %d: refunded %d, emitted %d, state %+v", seed, sum, issued.Amount, r)
			}
		}
		for _, e := range heard {
			w.Tell(sagatest.Order, e)
			check()
			w.Steps(random.IntN(3))
			check()
		}
		w.Settle()
		check()
		if r := w.State("refund", sagatest.Order).(refund.Refund); r.Pending != 0 {
			t.Fatalf("seed %d: %d still pending at rest", seed, r.Pending)
		}
		if isTaken && isCancelled && !refuses {
			if full++; total(given) != 1000 {
				t.Fatalf("seed %d: cancelled after 1000 were taken, %d given back", seed, total(given))
			}
		}
		if !isTaken && total(given) != 0 {
			t.Fatalf("seed %d: nothing taken, %d given back", seed, total(given))
		}
	}
	if refusals == 0 || full == 0 {
		t.Fatalf("%d refusals and %d full refunds seen: the sequences do not cover them", refusals, full)
	}
}

func total(book map[string]int64) (sum int64) {
	for _, amount := range book {
		sum += amount
	}
	return sum
}
