package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"orderflow.example/services/platform/eventlog"
)

// readTopics reads new records of every topic and makes the checks that are about one service.
func (p *picture) readTopics(ctx context.Context) ([]Check, error) {
	topics, watermarks, replay := newTopics(), newWatermarks(), newReplay()
	p.look++
	p.incomplete = ""
	p.facts.forgetWaiting()
	traces := p.trace()
	start := time.Now()
	for _, t := range traces {
		if err := t.run(ctx); err != nil {
			return nil, err
		}
	}
	p.readingTime = time.Since(start)
	for _, t := range traces {
		if t.foreign {
			continue
		}
		complete := p.checkTopic(t, topics)
		if err := p.checkWatermarks(ctx, t, watermarks); err != nil {
			return nil, err
		}
		if !complete {
			if !p.again {
				replay.broken(t.app.Topic(), "%s cannot be rebuilt: its topic does not hold all that it said", t.app.Name)
			}
			continue
		}
		if err := t.compareStates(ctx, replay); err != nil {
			return nil, err
		}
	}
	repeats := 0
	for _, t := range traces {
		if !t.foreign {
			repeats += t.repeats
		}
	}
	topics.check.Says += fmt.Sprintf("; exact repeats %d", repeats)
	return []Check{p.whole(replay), topics.done(), watermarks.done()}, nil
}

const notComplete = "the topics are not complete"

// whole is the check of the rows, if all were compared: the Ledger makes it when the topics are complete.
func (p *picture) whole(replay *tally) Check {
	if p.again && p.incomplete != "" {
		return replay.skip(notComplete)
	}
	return replay.done()
}

// trace brings the traces in step with the snapshots of this look, and lists them. A service that shows what others say
// comes before those: of what is new, its own events are folded first.
func (p *picture) trace() (all []*trace) {
	for _, name := range slices.Sorted(maps.Keys(p.services)) {
		if p.traces[name] == nil {
			p.traces[name] = newTrace(p, p.services[name])
		}
		p.traces[name].snapshot = p.services[name]
		all = append(all, p.traces[name])
	}
	for _, t := range all {
		for _, f := range t.folds {
			for topic := range f.inputs {
				if name := eventlog.Writer(topic); p.services[name] == nil {
					if p.traces[name] == nil {
						p.traces[name] = newForeign(p, topic)
						all = append(all, p.traces[name])
					}
					f.kept = true
				}
			}
		}
	}
	for _, t := range p.traces {
		if t.foreign && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if p.look == 1 {
		for _, t := range all {
			t.meet(all)
		}
	}
	for _, t := range all {
		t.reading.Upto = p.upto(t)
		t.chain.begin(t.reading.Last)
	}
	slices.SortStableFunc(all, func(a, b *trace) int { return cmp.Compare(b.shows(), a.shows()) })
	return all
}

// upto is how far a topic is read: to the last committed event or, without a snapshot of its service, to the last one that the
// others applied.
func (p *picture) upto(t *trace) map[int]int64 {
	if !t.foreign {
		return p.ends[t.app.Name]
	}
	upto := map[int]int64{}
	for _, other := range t.hearers {
		for at, w := range other.watermarks {
			if at.topic == t.reading.Topic {
				upto[at.partition] = max(upto[at.partition], w.sequence)
			}
		}
	}
	return upto
}
