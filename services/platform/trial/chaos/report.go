package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the results as a table, a column for each run, and the findings below it.
func Print(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name string, value func(Result) any) {
		fmt.Fprint(table, name)
		for _, r := range results {
			fmt.Fprint(table, "\t", value(r))
		}
		fmt.Fprintln(table)
	}
	row("run", func(r Result) any { return r.Name })
	row("orders placed", func(r Result) any { return r.Load.Placed })
	row("accepted", func(r Result) any { return r.Load.Accepted })
	ends := map[string]bool{}
	for _, r := range results {
		for name := range r.States {
			ends[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ends)) {
		row(name, func(r Result) any { return r.States[name] })
	}
	row("cancellations asked for", func(r Result) any { return r.Load.Cancellations })
	row("returns taken", func(r Result) any { return r.Load.Returns })
	row("requests sent again", func(r Result) any { return r.Load.Repeats })
	if slices.ContainsFunc(results, func(r Result) bool { return r.Stood == nil }) {
		for _, k := range Kinds {
			row(string(k.Kind), func(r Result) any { return r.Faults[k.Kind] })
		}
	} else {
		row("partitions that still stand still", func(r Result) any { return r.Stood.Remaining })
		row("processes not ready, the most", func(r Result) any { return r.Stood.Unready })
		row("seconds with any that was not", func(r Result) any { return fmt.Sprintf("%.0f", r.Stood.For) })
	}
	row("processes that ended by themselves", func(r Result) any { return len(r.Died) })
	row("seconds until all had ended", func(r Result) any {
		if r.Ended < 0 {
			return "not all"
		}
		return fmt.Sprintf("%.1f", r.Ended)
	})
	row("events on the topics", func(r Result) any { return r.Verdict.Events })
	row("repeats of them", func(r Result) any { return r.Verdict.Repeats })
	row("parked", func(r Result) any { return r.Parked })
	row("verify", func(r Result) any {
		if r.Verify != holds {
			return "broken"
		}
		return holds
	})
	row("checker", func(r Result) any {
		if n := len(r.Verdict.Findings); n > 0 {
			return fmt.Sprint(n, " findings")
		}
		return "agrees"
	})
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if r.Stood != nil {
			fmt.Fprintf(w, "%s: partitions that stood still: %v\n", r.Name, r.Stood)
		}
		if r.Holds() {
			continue
		}
		_, err := fmt.Fprintf(w, "\n%s: what it left is in %s\n  %s\n", r.Name, r.Dir, strings.Join(r.faults(), "\n  "))
		if err != nil {
			return err
		}
	}
	return nil
}

// mostOf is how many findings of one check are printed; --json has all.
const mostOf = 10

func (r Result) faults() (lines []string) {
	if r.Waits != "" {
		lines = append(lines, "not all have ended: "+r.Waits)
	}
	if r.Stood != nil && len(r.Stood.Services) == 0 {
		lines = append(lines, "no process said that a partition stood still")
	}
	if r.Stood != nil && r.Stood.Remaining > 0 {
		lines = append(lines, fmt.Sprint(r.Stood.Remaining, " partitions still stand still"))
	}
	if r.Verify != holds {
		lines = append(lines, r.Verify+" (verify.txt)")
	}
	for _, d := range r.Died {
		lines = append(lines, "process "+d)
	}
	for _, s := range r.Strange {
		lines = append(lines, "answer: "+s)
	}
	count := map[string]int{}
	for _, f := range r.Verdict.Findings {
		if count[f.Check]++; count[f.Check] <= mostOf {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", f.Check, f.ID, f.Text))
		}
	}
	for _, check := range slices.Sorted(maps.Keys(count)) {
		if n := count[check]; n > mostOf {
			lines = append(lines, fmt.Sprintf("%s: and %d more", check, n-mostOf))
		}
	}
	return lines
}
