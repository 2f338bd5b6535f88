package repair

import (
	"math/rand/v2"
	"testing"
)

func TestSpansAreTheNumbersTheyStandFor(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const most = 30
	random := func() (s spans, set [most + 2]bool) {
		for range r.IntN(20) {
			n := 1 + r.Int64N(most)
			s.add(n)
			set[n] = true
		}
		return s, set
	}
	has := func(s spans, n int64) (times int) {
		for _, x := range s {
			if x.From <= n && n <= x.To {
				times++
			}
		}
		return times
	}
	for range 2000 {
		a, inA := random()
		b, inB := random()
		without, and, with := a.without(b), a.and(b), a.with(b...)
		counts := [3]int64{}
		for n := range int64(most + 2) {
			for i, c := range []struct {
				got  spans
				want bool
			}{{without, inA[n] && !inB[n]}, {and, inA[n] && inB[n]}, {with, inA[n] || inB[n]}} {
				if c.want {
					counts[i]++
				}
				if times := has(c.got, n); times > 1 || (times == 1) != c.want {
					t.Fatalf("%v and %v: %d is in %v", a, b, n, c.got)
				}
			}
		}
		if counts != [3]int64{without.count(), and.count(), with.count()} {
			t.Fatalf("%v and %v: %v", a, b, counts)
		}
	}
}
