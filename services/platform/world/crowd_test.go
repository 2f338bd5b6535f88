package world_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"orderflow.example/services/platform/world"
	"orderflow.example/shared/embedded/embeddedtest"
)

// conserved checks the book's entries: only authorised money is moved, and only once.
func conserved(t *testing.T, entries []map[string]any) {
	t.Helper()
	type sums struct{ authorized, captured, voided, refunded float64 }
	orders := map[string]*sums{}
	keys := map[string]bool{}
	for _, e := range entries {
		order := e["order"].(string)
		if orders[order] == nil {
			orders[order] = &sums{}
		}
		s, amount := orders[order], e["amount"].(float64)
		switch e["kind"] {
		case "authorized":
			s.authorized += amount
		case "captured":
			s.captured += amount
		case "voided":
			s.voided += amount
		case "refunded":
			s.refunded += amount
		}
		if open := s.authorized - s.captured - s.voided; open < 0 || s.refunded > s.captured {
			t.Fatalf("after %v: %+v", e, *s)
		}
		if key, ok := e["key"].(string); ok && keys[key] {
			t.Fatalf("two entries for the key %s", key)
		} else if ok {
			keys[key] = true
		}
	}
}

// TestMoneyIsConservedWhateverACrowdAsks lets many clients send every request for the same orders, with faults, each
// retrying until it is answered.
func TestMoneyIsConservedWhateverACrowdAsks(t *testing.T) {
	t.Parallel()
	c := start(t, world.Options{Speed: 1000, Faults: true, Seed: 7})
	tokens := []string{"tok_ok", "tok_timeout", "tok_slow", "tok_capture_fails", "tok_refund_fails_once", "tok_declined"}
	var lost, busy atomic.Int64
	var crowd sync.WaitGroup
	for i := range 24 {
		crowd.Go(func() {
			luck := rand.New(rand.NewPCG(1, uint64(i)))
			until := func(op, key string, body object) said {
				for {
					s := c.ask("POST", "/gateway/v1/"+op, key, body)
					switch s.Status {
					case 200, 402:
						return s
					case 503:
						busy.Add(1)
					case 0:
						lost.Add(1)
					default:
						t.Errorf("%s %v: %d %s", op, body, s.Status, s.Code)
						return s
					}
				}
			}
			for n := range 40 {
				number := luck.IntN(60)
				order, token := fmt.Sprint("o", number), tokens[number%len(tokens)]
				authorization := until("authorizations", "a-"+order,
					object{"order": order, "amount": 1000, "currency": "GBP", "token": token})
				key := fmt.Sprintf("%d-%d", i, n)
				switch about := (object{"order": order, "reference": authorization.Reference, "amount": 1 + luck.IntN(1100)}); {
				case luck.IntN(5) == 0:
					until("voids", key, object{"order": order, "attempt": "a-" + order})
				case authorization.Reference == "":
				case luck.IntN(3) == 0:
					until("captures", key, about)
				default:
					until("refunds", key, about)
				}
			}
		})
	}
	crowd.Wait()
	entries := c.book("")
	conserved(t, entries)
	kinds := map[any]int{}
	for _, e := range entries {
		kinds[e["kind"]]++
	}
	for _, kind := range []string{"authorized", "captured", "voided", "refunded", "refund_refused"} {
		if kinds[kind] == 0 {
			t.Errorf("nothing was %s, so this shows little: %v", kind, kinds)
		}
	}
	if lost.Load() == 0 || busy.Load() == 0 {
		t.Errorf("no faults: %d connections dropped, %d times busy", lost.Load(), busy.Load())
	}
}

// BenchmarkAuthorizations measures 64 concurrent clients, every answer committed.
func BenchmarkAuthorizations(b *testing.B) {
	handler := open(b, world.Options{DB: connect(b, embeddedtest.Database(b)), Speed: 1000}).Handler()
	var n atomic.Int64
	b.SetParallelism(32) // per core
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := fmt.Sprint("k", n.Add(1))
			body := fmt.Sprintf(`{"order":%q,"amount":1530,"currency":"GBP","token":"tok_ok"}`, key)
			r := httptest.NewRequest(http.MethodPost, "/sim/gateway/v1/authorizations", bytes.NewBufferString(body))
			r.Header.Set("Idempotency-Key", key)
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Errorf("%d %s", w.Code, w.Body)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
