package demo

import (
	"cmp"
	"fmt"
	"slices"
)

// The ends of a row.
const (
	sold       = "sold"
	returned   = "returned"
	cancelled  = "cancelled"
	refused    = "refused"
	leftOut    = "left out"
	unfinished = "unfinished"
)

// Rows counts rows of one kind with the same end.
type Rows struct {
	End           string `json:"end"` // sold, returned, cancelled, refused, left out or unfinished
	Reason        string `json:"reason,omitempty"`
	Sales         int    `json:"sales"`
	Cancellations int    `json:"cancellations"`
	Lines         []int  `json:"lines,omitempty"` // line numbers of the first rows refused for their content
}

// Malformed is a row that cannot be read, or that the catalogue refuses.
type Malformed struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// shown is how many malformed rows are kept for the report.
const shown = 20

type end struct{ state, reason string }

// account counts the end of every row of the file. It is not for concurrent use.
type account struct {
	read      int
	ends      map[end]*Rows
	malformed []Malformed
}

func newAccount() *account { return &account{ends: map[end]*Rows{}} }

func (a *account) of(state, reason string) *Rows {
	e := end{state, reason}
	if a.ends[e] == nil {
		a.ends[e] = &Rows{End: state, Reason: reason}
	}
	return a.ends[e]
}

// sale ends rows of an order.
func (a *account) sale(l line, state, reason string) { a.of(state, reason).Sales += int(l.rows) }

// cancellation ends rows of a cancellation.
func (a *account) cancellation(l line, state, reason string) {
	a.of(state, reason).Cancellations += int(l.rows)
}

func (a *account) unreadable(number int, reason string) {
	a.read++
	a.refuse(line{rows: 1, at: int32(number)}, false, "malformed")
	a.name(number, reason)
}

// name keeps the fault of a row for the report.
func (a *account) name(number int, reason string) {
	if len(a.malformed) < shown {
		a.malformed = append(a.malformed, Malformed{number, reason})
	}
}

// refuse ends rows before anything is done with them, and records their lines.
func (a *account) refuse(l line, cancels bool, reason string) {
	if cancels {
		a.cancellation(l, refused, reason)
	} else {
		a.sale(l, refused, reason)
	}
	if r := a.of(refused, reason); len(r.Lines) < shown {
		r.Lines = append(r.Lines, int(l.at))
	}
}

// clone returns a copy.
func (a *account) clone() *account {
	c := &account{read: a.read, ends: map[end]*Rows{}, malformed: slices.Clone(a.malformed)}
	for e, r := range a.ends {
		one := *r
		one.Lines = slices.Clone(r.Lines)
		c.ends[e] = &one
	}
	return c
}

// rows lists the ends in their order of declaration, and reasons by their number of rows.
func (a *account) rows() []Rows {
	all := make([]Rows, 0, len(a.ends))
	for _, r := range a.ends {
		all = append(all, *r)
	}
	order := []string{sold, returned, cancelled, refused, leftOut, unfinished}
	slices.SortFunc(all, func(x, y Rows) int {
		return cmp.Or(slices.Index(order, x.End)-slices.Index(order, y.End), y.Sales+y.Cancellations-x.Sales-x.Cancellations,
			cmp.Compare(x.Reason, y.Reason))
	})
	return all
}

// check returns an error unless every row that was read ended exactly once.
func (a *account) check() error {
	sum := 0
	for _, r := range a.ends {
		sum += r.Sales + r.Cancellations
	}
	if sum != a.read {
		return fmt.Errorf("%d rows were read, but %d are accounted for", a.read, sum)
	}
	return nil
}
