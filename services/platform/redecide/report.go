package redecide

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"orderflow.example/shared/saga"
)

// Report is the result.
type Report struct {
	Service   string  `json:"service"`
	Decided   int     `json:"decided"` // steps decided again
	Equal     int     `json:"equal"`
	Raced     int     `json:"raced"` // equal, if orders that share rows came in another order than that of their times
	Different int     `json:"different"`
	Silent    int     `json:"silent"` // inputs without effect, recorded and with this build
	Given     []Given `json:"given"`  // steps that were not decided again, or not held against this build
	Rows      []Row   `json:"rows"`   // with differences
	Seconds   float64 `json:"seconds"`

	given map[string]int
	rows  map[rowName][]Difference
}

// Given counts steps that were taken as recorded, with the reason.
type Given struct {
	Why   string `json:"why"`
	Steps int    `json:"steps"`
}

// Row is a row of the choreography that decides otherwise in this build.
type Row struct {
	rowName
	Orders      []string     `json:"orders"` // the keys, once each: mostly orders
	Differences []Difference `json:"differences"`
}

// rowName is a row of a machine: its form, and the event it is for.
type rowName struct {
	Machine string `json:"machine"`
	Form    string `json:"form"`
	On      string `json:"on"`
}

func rowOf(k *keeper, f saga.Form, on string) rowName {
	return rowName{k.machine.String(), f.String(), on}
}

// Difference is one step that this build decides otherwise.
type Difference struct {
	Key      string    `json:"key"`
	Saga     string    `json:"saga,omitempty"` // the order, if that is not the key
	Heard    string    `json:"heard,omitempty"`
	At       time.Time `json:"at"`
	Recorded []Said    `json:"recorded"`
	Decided  []Said    `json:"decided"`
	Fields   []Field   `json:"fields,omitempty"`
	Fault    string    `json:"fault,omitempty"` // this build cannot decide it
	Mixed    bool      `json:"mixed,omitempty"` // the same, in another order
	Shared   bool      `json:"shared,omitempty"`
}

// Said is an event that was or would be emitted.
type Said struct {
	Type string `json:"type"`
	Key  string `json:"key"`
}

func newReport(service string) *Report {
	return &Report{Service: service, Given: []Given{}, Rows: []Row{}, given: map[string]int{}, rows: map[rowName][]Difference{}}
}

// Holds tells whether this build would have emitted the same events.
func (r Report) Holds() bool { return r.Different == 0 }

func (r *Report) give(why string) { r.given[why]++ }

func (r *Report) quiet(counted bool) {
	if counted {
		r.Silent++
	}
}

func (r *Report) differ(row rowName, d Difference) {
	r.Different++
	r.rows[row] = append(r.rows[row], d)
}

// difference turns a verdict into a Difference; shared tells whether the machine's keys share rows.
func (p *pass) difference(key string, in *input, at time.Time, v verdict, s *trial, shared bool) Difference {
	d := Difference{Key: key, At: at, Recorded: []Said{}, Decided: []Said{}, Fields: v.fields,
		Fault: v.fault, Mixed: v.mixed, Shared: shared}
	if in != nil {
		d.Heard = in.ID
		if in.Saga != key {
			d.Saga = in.Saga
		}
	}
	if s != nil {
		for _, g := range s.match(nil).recorded {
			d.Recorded = append(d.Recorded, Said{g.Type, g.Key})
		}
	}
	for _, e := range v.decided {
		d.Decided = append(d.Decided, Said{e.Type, cmp.Or(e.Key, key)})
	}
	return d
}

func (r *Report) finish(began time.Time) Report {
	for _, why := range slices.Sorted(maps.Keys(r.given)) {
		r.Given = append(r.Given, Given{why, r.given[why]})
	}
	for name, all := range r.rows {
		slices.SortStableFunc(all, func(a, b Difference) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
		row := Row{rowName: name, Differences: all}
		seen := map[string]bool{}
		for _, d := range all {
			if !seen[d.Key] {
				row.Orders, seen[d.Key] = append(row.Orders, d.Key), true
			}
		}
		r.Rows = append(r.Rows, row)
	}
	slices.SortFunc(r.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Machine, b.Machine), cmp.Compare(a.Form, b.Form), cmp.Compare(a.On, b.On))
	})
	r.Seconds = time.Since(began).Seconds()
	return *r
}

// mostShown is the number of differences printed per row; JSON has them all.
const mostShown = 10

// Print writes the report for people.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d steps decided again, %d equal, %d different; %d inputs without effect, as before; %.1f s\n",
		r.Service, r.Decided, r.Equal+r.Raced, r.Different, r.Silent, r.Seconds)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	if r.Raced > 0 {
		fmt.Fprintf(t, "\t%d\t of these equal, though orders that share rows came in another order than that of their times\n", r.Raced)
	}
	for _, g := range r.Given {
		fmt.Fprintf(t, "\t%d\t taken as given: %s\n", g.Steps, g.Why)
	}
	t.Flush()
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "\n%s, %s %s: %d different, of %d keys\n", row.Machine, row.Form, row.On, len(row.Differences), len(row.Orders))
		for _, d := range row.Differences[:min(mostShown, len(row.Differences))] {
			d.print(&b)
		}
		if more := len(row.Differences) - mostShown; more > 0 {
			fmt.Fprintf(&b, "  … and %d more; --json lists all\n", more)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Difference) print(b *strings.Builder) {
	fmt.Fprintf(b, "  %s  %s\n", d.Key, d.At.UTC().Format(time.RFC3339Nano))
	if d.Fault != "" {
		fmt.Fprintf(b, "    recorded %s; this build fails: %s\n", types(d.Recorded), d.Fault)
		return
	}
	if was, is := types(d.Recorded), types(d.Decided); was != is || d.Mixed {
		fmt.Fprintf(b, "    recorded %s; this build emits %s\n", was, is)
	}
	for _, f := range d.Fields {
		if f.Recorded == "" && f.Decided == "" {
			fmt.Fprintf(b, "    %s: %s is another\n", f.Event, f.Path)
			continue
		}
		fmt.Fprintf(b, "    %s: %s was %s, is %s\n", f.Event, f.Path, f.Recorded, f.Decided)
	}
	if d.Shared {
		fmt.Fprintf(b, "    decided on rows that orders share\n")
	}
}

func types(all []Said) string {
	if len(all) == 0 {
		return "nothing"
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Type)
	}
	return strings.Join(names, " + ")
}
