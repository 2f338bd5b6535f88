package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"orderflow.example/services/platform/bench"
)

// Staged is the result of the requested stages.
type Staged struct {
	Faults     []Result          `json:"faults,omitempty"`
	Unwritable *bench.Unwritable `json:"unwritable,omitempty"`
	Million    *Million          `json:"million,omitempty"`
	Burst      *bench.Burst      `json:"burst,omitempty"`
}

const (
	unwritable  = "unwritable"
	million     = "million"
	burst       = "burst"
	mostSlower  = 2 // factor allowed for the other partitions while one cannot be written
	manyEvents  = 1_000_000
	everySecond = 6 // orders
)

// StageNames are all stages, in the order in which they run.
func StageNames() (names []string) {
	for _, s := range Stages {
		names = append(names, s.Name)
	}
	return append(names, unwritable, million, burst)
}

// Holds reports whether nothing was wrong.
func (s Staged) Holds() bool {
	return !slices.ContainsFunc(s.Faults, func(r Result) bool { return !r.Holds() }) &&
		(s.Unwritable == nil || s.Unwritable.Ratio() < mostSlower) && (s.Million == nil || s.Million.Holds()) &&
		(s.Burst == nil || s.Burst.Holds())
}

// RunStage runs one stage and adds its result. An interrupted one leaves no files.
func (s *Staged) RunStage(ctx context.Context, o Options, name string) (err error) {
	defer func() {
		if ctx.Err() != nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(o.Dir, name)))
		}
	}()
	switch name {
	case unwritable:
		var u bench.Unwritable
		u, err = bench.RunUnwritable(ctx, bench.Options{Dir: filepath.Join(o.Dir, name), Partitions: 8, Window: 30 * time.Second,
			WarmUp: 5 * time.Second, Progress: o.Progress, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			s.Unwritable = &u
		}
	case million:
		var m Million
		m, err = RunMillion(ctx, o, manyEvents)
		s.Million = &m
	case burst:
		var b bench.Burst
		b, err = runBurst(ctx, o)
		if err == nil {
			s.Burst = &b
		}
	default:
		at := slices.IndexFunc(Stages, func(s Stage) bool { return s.Name == name })
		if at < 0 {
			return fmt.Errorf("there is no stage %q: want some of %v", name, StageNames())
		}
		o.Stage = &Stages[at]
		o.Orders = cmp.Or(o.Orders, int(o.Stage.Window.Seconds())*everySecond)
		var r Result
		r, err = Run(ctx, o)
		if err == nil {
			s.Faults = append(s.Faults, r)
		}
	}
	return err
}

// Print writes the results as tables.
func (s Staged) Print(w io.Writer) error {
	if len(s.Faults) > 0 {
		if err := Print(w, s.Faults); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if u := s.Unwritable; u != nil {
		fmt.Fprintf(w, "One partition of one topic refused writes for %.0f s: %d requests refused, %d sagas held up, which had "+
			"ended after %.1f s.\nThe other partitions' p99 was %.2f times that of before.\n\n",
			u.Seconds, u.Refused, u.Held, u.CaughtUp, u.Ratio())
		fmt.Fprintln(table, "phase\tsagas of the others\tp50 ms\tp99 ms\tmax ms\t")
		for _, p := range u.Phases {
			fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t\n", p.Name, p.Sagas, p.P50, p.P99, p.Max)
		}
		fmt.Fprintln(table)
	}
	if m := s.Million; m != nil {
		fmt.Fprintln(table, "seconds\tevents\toutbox rows\toutbox MiB\tengine's tables MiB\tcatalog MiB\t"+
			"applied by storefront\tstorefront MiB\t")
		for _, at := range m.Samples {
			fmt.Fprintf(table, "%.0f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", at.Seconds, at.Events, at.Rows, at.Bytes>>20, at.Engine>>20,
				at.Memory>>20, at.Applied, at.Storefront>>20)
		}
		fmt.Fprintln(table)
		fmt.Fprintln(table, "verify\tevents\tseconds\tanswer\t")
		for _, v := range m.Verify {
			fmt.Fprintf(table, "%s\t%d\t%.1f\t%s\t\n", v.When, v.Events, v.Seconds, v.Answer)
		}
	}
	if b := s.Burst; b != nil {
		during, after := b.Loads[0], b.Loads[1]
		fmt.Fprintf(w,
			"%d orders in %.0f s: %d accepted, all carried out within %.0f s of the last; %d answered 503 and Retry-After.\n",
			during.Accepted+during.Shed, during.Seconds, during.Accepted, during.Drained, during.Shed)
		fmt.Fprintf(w, "Placing took %v ms (p50 / p99), being refused %v ms; to be confirmed %v ms (the limit is %.0f s).\n",
			during.Placing, during.Refusing, during.Confirming, b.Within)
		fmt.Fprintf(w, "Then one after another: %d accepted, %d refused.\n\n", after.Accepted, after.Shed)
	}
	return table.Flush()
}
