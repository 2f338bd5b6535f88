package redecide

import (
	"fmt"
	"strings"
	"testing"
)

func text(t testing.TB, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnUnchangedBuildDecidesTheSameWhateverTheOrderOfThings(t *testing.T) {
	t.Parallel()
	decided := map[string]int{}
	for seed := range uint64(40) {
		s := open(t, seed, apps())
		s.trade(12)
		log := s.record()
		for _, app := range s.apps {
			r := log.again(t, app)
			if !r.Holds() || r.Raced > 0 {
				t.Fatalf("seed %d: %s", seed, text(t, r))
			}
			decided[app.Name] += r.Decided
		}
	}
	fmt.Println(decided)
}
