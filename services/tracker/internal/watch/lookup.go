package watch

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/kafka"
)

// patience is how long reading one saga's events may take.
const patience = 5 * time.Second

// Saga reads the events of one order from the topics and builds its saga; false if there is none.
func (w *Watcher) Saga(ctx context.Context, order string) (told tracker.Saga, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	have := map[tracker.Place]tracker.Record{}
	for {
		var places []tracker.Place
		var missing []tracker.Place
		err := w.Read(func(x *tracker.Index, now time.Time) {
			records := make([]tracker.Record, 0, len(have))
			for _, at := range x.Places(order) {
				places = append(places, at)
				if rec, there := have[at]; there {
					records = append(records, rec)
				} else {
					missing = append(missing, at)
				}
			}
			if len(missing) == 0 {
				told, found = x.Saga(order, records, now)
			}
		})
		if err != nil || len(missing) == 0 {
			return told, found, err
		}
		if err := w.look(ctx, missing, have); err != nil {
			return told, false, err
		}
	}
}

// look reads the records at these places.
func (w *Watcher) look(ctx context.Context, missing []tracker.Place, into map[tracker.Place]tracker.Record) error {
	wanted := map[place][]int64{}
	for _, at := range missing {
		p := place{at.Topic, at.Partition}
		wanted[p] = append(wanted[p], at.Offset)
	}
	for p := range wanted {
		slices.Sort(wanted[p])
	}
	for len(wanted) > 0 {
		var positions []kafka.Position
		for p, offsets := range wanted {
			positions = append(positions, kafka.Position{Topic: p.topic, Partition: p.partition, Offset: offsets[0]})
		}
		slices.SortFunc(positions, func(a, b kafka.Position) int { return bytes.Compare([]byte(a.Topic), []byte(b.Topic)) })
		fetched, err := w.Lookup.Fetch(ctx, positions, longPoll)
		if err != nil {
			return err
		}
		for i := range fetched {
			got := &fetched[i]
			if got.Err != nil && len(got.Records) == 0 {
				return fmt.Errorf("read an event: %w", got.Err)
			}
			p := place{got.Topic, got.Partition}
			offsets := wanted[p]
			for j := range got.Records {
				rec := &got.Records[j]
				if len(offsets) > 0 && rec.Offset == offsets[0] {
					one := recordOf(rec)
					one.Data = bytes.Clone(rec.Data)
					into[tracker.Place{Topic: p.topic, Partition: p.partition, Offset: rec.Offset}] = one
					offsets = offsets[1:]
				}
			}
			if wanted[p] = offsets; len(offsets) == 0 {
				delete(wanted, p)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
