package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRepeatedRecordsChangeNothing(t *testing.T) {
	t.Parallel()
	p := open(t, 4).picture(t)
	for at, records := range p.topics() {
		p.topics()[at] = append(slices.Clone(records), records...)
	}
	if broken := listed(p.verdict(t)); broken != nil {
		t.Error(broken)
	}
}

func TestAtMostTwentyOffencesAreListedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	into := newTally("money", "it adds up", "orders")
	for i := range 33 {
		into.broken(fmt.Sprintf("order-%02d", 32-i), "is short")
	}
	r := Report{Checks: []Check{newTally("goods", "they do too", "SKUs").done(), into.done(), into.skip("no book")}, Sagas: 40,
		Open: 2}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"✓ goods", "✗ money", "broken 33 times", "    order-00: is short\n", "… and 13 more",
		"not checked: no book", "40 sagas, 2 still open"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, text.String())
		}
	}
	if n := strings.Count(text.String(), "is short"); n != 20 {
		t.Errorf("%d offences listed", n)
	}
	if r.Holds() || !slices.Equal(r.Broken(), []string{"money"}) {
		t.Errorf("holds %v, broken %v", r.Holds(), r.Broken())
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"broken":33,"offending":[{"id":"order-00","text":"is short"}`) {
		t.Errorf("%s, %v", data, err)
	}
}
