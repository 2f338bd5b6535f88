package audit

import (
	"context"
	"fmt"
	"slices"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// keptLooks is for how many looks an unchanged state stays in memory.
const keptLooks = 6

// recalled is how many events one statement reads back.
const recalled = 1000

// putAway drops states that agreed with their rows and were unchanged for some looks.
func (f *fold) putAway() {
	if !f.byKey || f.kept {
		return
	}
	var idle []string
	for key, look := range f.held {
		if _, broken := f.broken[key]; !broken && look+keptLooks <= f.trace.picture.look && f.has(key) {
			idle = append(idle, key)
		}
	}
	if len(idle) < 1+len(f.held)/4 {
		return
	}
	for _, key := range idle {
		delete(f.held, key)
	}
	states, held := f.binding.Store.Memory(), make(map[string]uint32, len(f.held)) // a map does not shrink
	for key, look := range f.held {
		e := saga.Event{Key: key}
		states.Put(e, f.states.Get(e))
		held[key] = look
	}
	f.states, f.held, f.touched = states, held, map[string]struct{}{}
}

// rebuild folds the dropped states of these keys again, from the outboxes and, for pruned events, from the topics.
func (f *fold) rebuild(ctx context.Context, keys ...string) {
	var away []string
	for _, key := range keys {
		if _, held := f.held[key]; !held && f.has(key) {
			away = append(away, key)
			f.held[key] = f.trace.picture.look
		}
	}
	if len(away) == 0 || f.trace.spoiled != nil {
		return
	}
	f.trace.spoiled = f.trace.recall(ctx, away, f.says, func(a *arrival) bool { return a.decided }, f.evolve)
	for _, t := range f.trace.picture.traces {
		if f.trace.spoiled == nil && f.inputs[t.reading.Topic] {
			shown := map[string]bool{}
			for name := range f.shows {
				shown[name] = true
			}
			f.trace.spoiled = t.recall(ctx, away, shown, func(a *arrival) bool { return !slices.Contains(a.left, f.trace) }, f.showEvent)
		}
	}
}

// recall reads the earlier events of the service about these keys and passes on those of some types, except those still
// waiting.
func (t *trace) recall(ctx context.Context, keys []string, types map[string]bool, passed func(a *arrival) bool,
	fn func(e saga.Event)) error {
	waiting := map[place]map[int64]bool{}
	for _, a := range t.waiting {
		if !passed(a) {
			if waiting[a.at] == nil {
				waiting[a.at] = map[int64]bool{}
			}
			waiting[a.at][a.sequence] = true
		}
	}
	numbers := map[int][]int64{}
	for _, key := range keys {
		partition := kafka.PartitionOf(key, max(1, len(t.counters)))
		for _, n := range t.chain.of(key, partition) {
			if !waiting[place{t.reading.Topic, partition}][n] {
				numbers[partition] = append(numbers[partition], n)
			}
		}
	}
	for partition, all := range numbers {
		slices.Sort(all)
		for some := range slices.Chunk(all, recalled) {
			records, err := t.picture.recall(ctx, t.app.Name, partition, some)
			if err == nil && len(records) < len(some) {
				err = fmt.Errorf("of %d events of %s/%d, %d are left in the outbox or, where it was pruned, on the topic",
					len(some), t.reading.Topic, partition, len(records))
			}
			if err != nil {
				return err
			}
			for i := range records {
				if !types[records[i].Type] {
					continue
				}
				e, err := t.event(&records[i])
				if err != nil {
					return err
				}
				fn(e)
			}
		}
	}
	return nil
}
