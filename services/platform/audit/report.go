package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// shown is how many offences of one check are listed; all are counted.
const shown = 20

// Offence is one breach of an invariant.
type Offence struct {
	ID   string `json:"id"` // the order, the SKU, or the topic and partition
	Text string `json:"text"`

	// The two numbers that do not agree, where it is about numbers: in minor units of the currency, or pieces, or events.
	Expected *int64 `json:"expected,omitempty"`
	Found    *int64 `json:"found,omitempty"`
	Currency string `json:"currency,omitempty"`

	what string // the text without its numbers: it stays the same while they change
}

func offence(id, format string, args ...any) Offence {
	o := Offence{ID: id, Text: fmt.Sprintf(format, args...)}
	for i, a := range args {
		switch a.(type) {
		case int, int64:
			args[i] = 0
		}
	}
	o.what = fmt.Sprintf(format, args...)
	return o
}

// numbers adds the two numbers of an offence.
func (o *Offence) numbers(expected, found int64, currency string) {
	o.Expected, o.Found, o.Currency = &expected, &found, currency
}

// Check is one invariant and whether it holds.
type Check struct {
	Name      string    `json:"name"`
	Says      string    `json:"says"` // the invariant in words
	Holds     bool      `json:"holds"`
	Checked   int       `json:"checked"`
	Of        string    `json:"of"`                  // what was counted in Checked
	Broken    int       `json:"broken"`              // how many offences there are
	Offending []Offence `json:"offending,omitempty"` // the first of them
	Skipped   string    `json:"skipped,omitempty"`   // why it could not be checked; Holds is false then

	all []Offence
}

// Report is the outcome of all checks.
type Report struct {
	Checks   []Check       `json:"checks"`
	Sagas    int           `json:"sagas"`
	Open     int           `json:"open"` // sagas in progress: only invariants that hold at any time are checked
	Events   int64         `json:"events"`
	Duration time.Duration `json:"-"`
	Seconds  float64       `json:"seconds"`
}

// Holds tells whether nothing is broken. A skipped check is not broken.
func (r Report) Holds() bool {
	return !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.Holds && c.Skipped == "" })
}

// Broken lists the names of the checks that do not hold.
func (r Report) Broken() (names []string) {
	for _, c := range r.Checks {
		if !c.Holds && c.Skipped == "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// Print writes the report for people: a line for each check, and what offends below it.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, c := range r.Checks {
		switch {
		case c.Skipped != "":
			fmt.Fprintf(&b, "– %-13s %s: not checked: %s\n", c.Name, c.Says, c.Skipped)
		case c.Holds:
			fmt.Fprintf(&b, "✓ %-13s %s (%d %s)\n", c.Name, c.Says, c.Checked, c.Of)
		default:
			fmt.Fprintf(&b, "✗ %-13s %s: broken %d times (%d %s)\n", c.Name, c.Says, c.Broken, c.Checked, c.Of)
		}
		for _, o := range c.Offending {
			fmt.Fprintf(&b, "    %s: %s\n", o.ID, o.Text)
		}
		if more := c.Broken - len(c.Offending); more > 0 {
			fmt.Fprintf(&b, "    … and %d more\n", more)
		}
	}
	fmt.Fprintf(&b, "%d sagas, %d still open; %d events read in %.1f s\n", r.Sagas, r.Open, r.Events, r.Duration.Seconds())
	_, err := io.WriteString(w, b.String())
	return err
}

// tally is a check in the making.
type tally struct {
	check    Check
	offences []Offence
}

func newTally(name, says, of string) *tally {
	return &tally{check: Check{Name: name, Says: says, Of: of}}
}

// broken adds an offence and returns it, to be completed at once.
func (t *tally) broken(id, format string, args ...any) *Offence {
	t.offences = append(t.offences, offence(id, format, args...))
	return &t.offences[len(t.offences)-1]
}

// done is the check, its offences in the order of their ids.
func (t *tally) done() Check {
	c := t.check
	slices.SortStableFunc(t.offences, func(a, b Offence) int { return strings.Compare(a.ID, b.ID) })
	c.Broken = len(t.offences)
	c.Holds = c.Broken == 0
	c.all = t.offences
	c.Offending = t.offences[:min(shown, c.Broken):min(shown, c.Broken)]
	return c
}

// skip is the check where it could not be made.
func (t *tally) skip(why string) Check {
	c := t.check
	c.Skipped = why
	return c
}
