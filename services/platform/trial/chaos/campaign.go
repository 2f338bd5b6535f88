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

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial/chaos/witness"
	"orderflow.example/shared/saga"
)

// Options configure a campaign.
type Options struct {
	Bin      string // the directory of the built commands
	Scripts  string // the directory of kafka.sh
	Dir      string // parent of each run's directory, which is kept if something was wrong
	Seed     uint64
	Stage    *Stage        // instead of random faults
	Window   time.Duration // of the faults
	Orders   int
	Patience time.Duration // for all to end, after the last fault
	Progress io.Writer

	perService int      // processes of each
	flags      []string // of them, besides those that all need
}

// name is the name of the run.
func (o Options) name() string {
	if o.Stage != nil {
		return o.Stage.Name
	}
	return fmt.Sprint("seed ", o.Seed)
}

func (o Options) dir() string { return filepath.Join(o.Dir, strings.ReplaceAll(o.name(), " ", "-")) }

// sayer returns a function that prints the progress of a run.
func (o Options) sayer() func(format string, args ...any) {
	return func(format string, args ...any) { fmt.Fprintf(o.Progress, o.name()+": "+format+"\n", args...) }
}

// Result is the result of one run.
type Result struct {
	Name    string          `json:"name"`
	Seed    uint64          `json:"seed"`
	Load    Load            `json:"load"`
	States  map[string]int  `json:"orders"` // by final state
	Faults  map[Kind]int    `json:"faults,omitempty"`
	Stood   *Standstill     `json:"standstill,omitempty"` // of a stage
	Ended   float64         `json:"ended_after_seconds"`  // the last fault; negative where not all ended
	Waits   string          `json:"waits_for,omitempty"`  // what was still to come when patience was over
	Parked  int             `json:"parked"`
	Verify  string          `json:"verify"` // "holds", or what is broken
	Strange []string        `json:"unexpected_answers,omitempty"`
	Died    []string        `json:"ended_by_themselves,omitempty"`
	Dir     string          `json:"directory,omitempty"`
	Verdict witness.Verdict `json:"checker"`
}

// Holds reports whether nothing was wrong.
func (r Result) Holds() bool {
	seen := r.Stood == nil || len(r.Stood.Services) > 0 && r.Stood.Remaining == 0
	return seen && r.Ended >= 0 && r.Verify == holds && len(r.Strange) == 0 && len(r.Died) == 0 && len(r.Verdict.Findings) == 0
}

const holds = "holds"

// Run runs one seed, or one stage. An error is one of the environment: what the campaign needs could not be started.
func Run(ctx context.Context, o Options) (r Result, err error) {
	r.Name, r.Seed, r.Dir, o.perService = o.name(), o.Seed, o.dir(), 2
	if o.Stage != nil {
		o.Window = o.Stage.Window
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Window+o.Patience+5*time.Minute, errors.New("the run takes too long"))
	defer cancel()
	say := o.sayer()
	say("starting Kafka, Postgres, the world, and the services")
	f, err := startFleet(ctx, o)
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
	say("%d orders and faults for %v", o.Orders, o.Window)
	shopping, closing := context.WithTimeout(ctx, o.Window+o.Patience)
	defer closing()
	shopped := make(chan struct{})
	go func() {
		defer close(shopped)
		c.shop(shopping, plan(o.Seed, o.Orders, o.Window*9/10))
	}()
	telling, told := context.WithCancel(ctx)
	go c.tell(telling, say)
	if o.Stage != nil {
		r.Stood = &Standstill{}
		*r.Stood, err = f.stage(ctx, *o.Stage)
	} else {
		r.Faults, err = f.inject(ctx, Schedule(o.Seed, o.Window, len(f.processes)))
	}
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
	if r.Stood != nil {
		r.Stood.Remaining = f.standstillLeft(ctx)
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

// tell prints the progress at intervals.
func (c *customers) tell(ctx context.Context, say func(string, ...any)) {
	for start := time.Now(); pause(ctx, 15*time.Second); {
		var l Load
		c.count(func(now *Load) { l = *now })
		say("%3.0f s: %d orders accepted of %d placed", time.Since(start).Seconds(), l.Accepted, l.Placed)
	}
}

// end describes the end of an order.
func end(o witness.Order) string {
	switch o.Status {
	case "completed", "returned":
		return o.Status
	case "cancelled", "rejected":
		return o.Status + ": " + strings.ReplaceAll(o.Reason, "_", " ")
	}
	return "without an end"
}

// hears are the topics that each service consumes, by its declaration.
func hears() map[string][]string {
	all := map[string][]string{}
	for _, app := range run.Apps {
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
