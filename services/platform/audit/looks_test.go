package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// finds are the checks of a look; each offence is "kind id number", a kind alone was skipped, and "+kind" holds.
func finds(offences ...string) (checks []Check) {
	of := map[string]*tally{}
	var kinds []string
	for _, text := range offences {
		var kind, id string
		var n int
		fmt.Sscan(text, &kind, &id, &n)
		holds := strings.HasPrefix(kind, "+")
		kind = strings.TrimPrefix(kind, "+")
		if of[kind] == nil {
			of[kind] = newTally(kind, "it adds up", "orders")
			kinds = append(kinds, kind)
		}
		switch {
		case id != "":
			of[kind].broken(id, "it has %d", n).numbers(100, int64(n), "GBP")
		case !holds:
			of[kind] = nil
		}
	}
	for _, kind := range kinds {
		if of[kind] == nil {
			checks = append(checks, newTally(kind, "", "").skip("not now"))
			continue
		}
		checks = append(checks, of[kind].done())
	}
	return checks
}

func TestOnlyWhatTheNextLookFindsTooIsABreakAndItEndsWhenTheNumbersAgree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		looks  [][]string
		moving map[int]bool // looks at which something is on its way
		breaks []string     // after each look: "id number since-look", sorted
		fresh  string       // how many are new at each look
	}{
		"seen once": {[][]string{{"money a 1"}, {"+money"}, {"+money"}}, nil, []string{"", "", ""}, "000"},
		"seen twice": {[][]string{{"money a 1"}, {"money a 1"}, {"money a 1"}}, nil, []string{"", "a 1 0", "a 1 0"},
			"010"},
		"now and again": {[][]string{{"money a 1"}, {"+money"}, {"money a 1"}, {"+money"}}, nil, []string{"", "", "", ""},
			"0000"},
		"with other numbers": {[][]string{{"money a 1"}, {"money a 2"}, {"money a 3"}}, nil, []string{"", "a 2 0", "a 3 0"},
			"010"},
		"of another order": {[][]string{{"money a 1"}, {"money b 1"}}, nil, []string{"", ""}, "00"},
		"of another check": {[][]string{{"money a 1"}, {"+money", "stock a 1"}}, nil, []string{"", ""}, "00"},
		"ends":             {[][]string{{"money a 1"}, {"money a 1"}, {"+money"}}, nil, []string{"", "a 1 0", ""}, "010"},
		"is there again": {[][]string{{"money a 1"}, {"money a 1"}, {"+money"}, {"money a 1"}, {"money a 1"}}, nil,
			[]string{"", "a 1 0", "", "", "a 1 3"}, "01001"},
		"hidden while it moves": {[][]string{{"money a 1"}, {"money a 1"}, {"+money"}, {"+money"}}, map[int]bool{2: true},
			[]string{"", "a 1 0", "a 1 0", ""}, "0100"},
		"no break while it moves": {[][]string{{"money a 1"}, {"+money"}, {"money a 1"}}, map[int]bool{1: true},
			[]string{"", "", ""}, "000"},
		"while the check is skipped": {[][]string{{"money a 1"}, {"money a 1"}, {"money"}, {"+money"}}, nil,
			[]string{"", "a 1 0", "a 1 0", ""}, "0100"},
		"two": {[][]string{{"money b 1", "money a 1"}, {"money b 1", "money a 1"}}, nil, []string{"", "a 1 0, b 1 0"}, "02"},
	} {
		l, begin := newLooks(), time.Now()
		for i, look := range c.looks {
			fresh := l.look(begin.Add(time.Duration(i)*time.Minute), finds(look...), func(string) bool { return c.moving[i] })
			var got []string
			for _, b := range l.breaks() {
				got = append(got, fmt.Sprintf("%s %d %.0f", b.ID, *b.Found, b.Since.Sub(begin).Minutes()))
				if *b.Expected != 100 || b.Currency != "GBP" || b.Kind != "money" || b.Text != fmt.Sprint("it has ", *b.Found) {
					t.Errorf("%s: %+v", name, b)
				}
			}
			if text := strings.Join(got, ", "); text != c.breaks[i] || fmt.Sprint(len(fresh)) != c.fresh[i:i+1] {
				t.Errorf("%s, look %d: %q with %d new, want %q with %s", name, i, text, len(fresh), c.breaks[i], c.fresh[i:i+1])
			}
		}
	}
}
