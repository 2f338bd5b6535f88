package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// Orders of three customers go through four partitions, and one of the two processes dies amid them.
func TestAMachineHearsAnotherOfItsServiceOnceInThePartitionOfItsOwnKey(t *testing.T) {
	b := newLoopbackBed(t)
	p := b.start(b.run)
	q := b.start(b.run)
	b.eventually("both work", func() bool { return len(p.Owned()) == 1 && len(q.Owned()) == 1 })
	names := []string{"ada", "bob", "cy"}
	for n := range int64(60) {
		b.order(names[n%3], n)
		if n == 30 {
			b.eventually("the loopback is under way", func() bool { return len(b.said(b.names.told)) > 3 })
			p.kill()
		}
	}
	b.settled(60)
	for _, name := range names {
		if n := b.count(`SELECT jsonb_array_length(orders) FROM customers WHERE key = $1`, "customer "+name); n != 20 {
			t.Errorf("%s has %d orders", name, n)
		}
	}
	b.replayed()
	for topic, want := range map[string]bool{b.names.feeder + ".events": true, b.names.service + ".events": true} {
		if got := b.count(`SELECT count(*) FROM engine.watermark WHERE topic = $1 AND sequence > 0`, topic) > 0; got != want {
			t.Errorf("%s has a watermark: %v", topic, got)
		}
	}
}

func TestALoopbackHealsWhenTheServicesOwnTopicIsWiped(t *testing.T) {
	b := newLoopbackBed(t)
	p := b.start(b.run)
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(12) {
		b.order("ada", n)
	}
	b.settled(12)
	b.eventually("that is written down", func() bool {
		return b.count(`SELECT sum(p.sequence) - sum(c.sequence) FROM engine.published p JOIN engine.counter c USING (partition)`) == 0
	})
	p.stop()
	b.rewrite(b.names.service, func([]kafka.Record) []kafka.Record { return nil })
	b.must(b.start(b.run).AwaitOwned(t.Context(), b.partitions))
	for n := int64(12); n < 20; n++ {
		b.order("ada", n)
	}
	b.settled(20)
	b.replayed()
}

func TestPoisonOnTheServicesOwnTopicParksTheKeyItIsAboutAlone(t *testing.T) {
	b := newLoopbackBed(t)
	p := b.start(b.run)
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.order("eve", poisonAnswer)
	b.order("eve", 1)
	b.order("ada", 2)
	b.eventually("another customer's order is told", func() bool { return len(b.said(b.names.told)) == 1 })
	b.eventually("both of the customer wait", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE key = 'customer eve'`) == 2
	})
	if n := b.count(`SELECT count(*) FROM engine.parked WHERE key <> 'customer eve'`); n != 0 {
		t.Errorf("%d others are parked", n)
	}
	b.poison.Store(false)
	b.must2(p.Redrive(t.Context(), "customer eve"))
	b.settled(3)
	b.replayed()
}

// heard lists the events that became inputs, as the metrics tell.
func (p *process) heard() (names []string) {
	families, err := p.metrics.Gather()
	if err != nil {
		return nil
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "orderflow_event_seconds" {
				for _, l := range m.GetLabel() {
					if l.GetName() == "event" {
						names = append(names, l.GetValue())
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestARecordThatOnlyItsOwnMachineKnowsIsNoInput(t *testing.T) {
	b := newLoopbackBed(t)
	p := b.start(b.run)
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.order("ada", 1)
	b.settled(1)
	b.eventuallyReported("the own topic counts as taken in", kafka.PartitionOf("customer ada", b.partitions),
		func(at engine.PartitionProgress) bool {
			return at.Applied[b.names.service+".events"] == at.Committed
		})
	want := []string{b.names.sent.Name(), b.seen.Name(), b.asked.Name(), b.totaled.Name()}
	if slices.Sort(want); !slices.Equal(p.heard(), want) {
		t.Errorf("taken in are %v, want %v", p.heard(), want)
	}
	if n := b.count(`SELECT count(*) FROM tallies WHERE key LIKE 'customer %'`) +
		b.count(`SELECT count(*) FROM customers WHERE key LIKE 'ada%'`); n != 0 {
		t.Errorf("%d rows are of keys that their machine hears nothing of", n)
	}
}

func TestALoopbackThatCannotComeIsRefused(t *testing.T) {
	b := newLoopbackBed(t)
	never := saga.Define[countedV1](b.names.service + ".never_said.v1")
	row := func(r saga.Row) *saga.Machine {
		return saga.Choreography[account]{Service: b.names.service, Key: "customer", Blank: blankAccount, Rows: []saga.Row{r}}.Machine()
	}
	decide := func(account, countedV1) []saga.Event { return nil }
	for want, m := range map[string]*saga.Machine{
		"consumes " + never.Name():          row(saga.On(never, decide)),
		"after on " + b.names.told.Name():   row(saga.After(time.Hour, b.names.told, decide)),
		"call on " + b.names.counted.Name(): row(saga.Call(b.names.counted, b.names.question, decide)),
	} {
		c := engine.Config{Service: b.names.service, Partitions: 1}
		b.run(&c)
		c.Bindings = append(c.Bindings, engine.Binding{Machine: m, Store: customers()})
		if _, err := engine.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
