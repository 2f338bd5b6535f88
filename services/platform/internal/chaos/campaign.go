package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orderflow.example/services/platform/internal/chaos/witness"
	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/shared/saga"
)

// Options are what a campaign is asked for.
type Options struct {
	Bin      string // the directory of the built commands
	Scripts  string // that of kafka.sh
	Dir      string // where each seed gets a directory of its own; kept where something was wrong
	Seed     uint64
	Window   time.Duration // of the faults
	Orders   int
	Patience time.Duration // for all to end, after the last fault
	Progress io.Writer
}

// Result is what came of one seed.
type Result struct {
	Seed    uint64          `json:"seed"`
	Load    Load            `json:"load"`
	States  map[string]int  `json:"orders"` // by final state
	Faults  map[Kind]int    `json:"faults"`
	Ended   float64         `json:"ended_after_seconds"` // the last fault; negative where not all ended
	Waits   string          `json:"waits_for,omitempty"` // what was still to come when patience was over
	Parked  int             `json:"parked"`
	Verify  string          `json:"verify"` // "holds", or what is broken
	Strange []string        `json:"unexpected_answers,omitempty"`
	Died    []string        `json:"ended_by_themselves,omitempty"`
	Dir     string          `json:"directory,omitempty"`
	Verdict witness.Verdict `json:"checker"`
}

// Holds tells whether all was as it must be.
func (r Result) Holds() bool {
	return r.Ended >= 0 && r.Verify == holds && len(r.Strange) == 0 && len(r.Died) == 0 && len(r.Verdict.Findings) == 0
}

const holds = "holds"

// Run runs one seed. The error is of the environment, which could not be brought to do what the campaign needs.
func Run(ctx context.Context, o Options) (r Result, err error) {
	r.Seed, r.Dir = o.Seed, filepath.Join(o.Dir, fmt.Sprint("seed-", o.Seed))
	ctx, cancel := context.WithTimeoutCause(ctx, o.Window+o.Patience+5*time.Minute, errors.New("it takes too long"))
	defer cancel()
	say := func(format string, args ...any) {
		fmt.Fprintf(o.Progress, "seed %d: "+format+"\n", append([]any{o.Seed}, args...)...)
	}
	say("starting Kafka, Postgres, the world, and the services")
	f, err := startFleet(ctx, o, r.Dir)
	defer f.stop()
	if err != nil {
		return r, cmp.Or(context.Cause(ctx), err)
	}
	c := newCustomers(f)
	sold := products(o.Orders)
	opening, open := context.WithTimeout(ctx, startWithin)
	err = c.furnish(opening, sold)
	open()
	if err != nil {
		return r, err
	}
	say("%d orders and random faults for %v", o.Orders, o.Window)
	shopping, closing := context.WithTimeout(ctx, o.Window+o.Patience)
	defer closing()
	shopped := make(chan struct{})
	go func() {
		defer close(shopped)
		c.shop(shopping, plan(o.Seed, o.Orders, o.Window*9/10))
	}()
	telling, told := context.WithCancel(ctx)
	go c.tell(telling, say)
	r.Faults, err = f.inject(ctx, Schedule(o.Seed, o.Window, len(f.processes)))
	quiet := time.Now()
	told()
	if err != nil {
		closing()
		<-shopped
		return r, err
	}
	say("the last fault is over; waiting until all have ended")
	<-shopped
	s, done, err := f.open(ctx)
	if err != nil {
		return r, err
	}
	defer done()
	r.Waits = s.settle(ctx, quiet.Add(o.Patience))
	if r.Ended = time.Since(quiet).Seconds(); r.Waits != "" {
		r.Ended = -1
	}
	say("reading topics, tables and the gateway's book")
	e := &witness.Evidence{Partitions: partitions, Hears: hears(), Accepted: c.accepted, Received: map[string]int64{}}
	for _, p := range sold {
		e.Received[p.sku] = p.pieces
	}
	if err := s.Read(ctx, e); err != nil {
		return r, err
	}
	r.Verdict, r.Load, r.Strange, r.Died = witness.Check(e), c.counts, c.strange, f.endedByThemselves()
	r.States = map[string]int{}
	for id := range c.accepted {
		r.States[end(e.Orders[id])]++
	}
	for _, t := range e.Services {
		r.Parked += len(t.Parked)
	}
	say("verify")
	if r.Verify, err = f.verify(ctx); err == nil && r.Holds() {
		f.stop()
		err = os.RemoveAll(r.Dir)
		r.Dir = ""
	}
	return r, err
}

// tell says every now and then how far it is.
func (c *customers) tell(ctx context.Context, say func(string, ...any)) {
	for start := time.Now(); pause(ctx, 15*time.Second); {
		var l Load
		c.count(func(now *Load) { l = *now })
		say("%3.0f s: %d orders accepted of %d placed", time.Since(start).Seconds(), l.Accepted, l.Placed)
	}
}

// end is how an order ended, in words.
func end(o witness.Order) string {
	switch o.Status {
	case "completed", "returned":
		return o.Status
	case "cancelled", "rejected":
		return o.Status + ": " + strings.ReplaceAll(o.Reason, "_", " ")
	}
	return "without an end"
}

// hears are the topics that each service consumes, as it declares.
func hears() map[string][]string {
	all := map[string][]string{}
	for _, app := range platform.Apps {
		for _, b := range app.Bindings {
			for _, name := range b.Machine.Hears() {
				if topic := saga.Topic(name); !slices.Contains(all[app.Name], topic) {
					all[app.Name] = append(all[app.Name], topic)
				}
			}
		}
	}
	return all
}
