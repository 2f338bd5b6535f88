package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/progress"
	"orderflow.example/shared/kafka"
)

// SegmentBytes is the default size, before compression, at which a segment is complete.
const SegmentBytes = 16 << 20

// Archiving copies records of topics to a store, each partition from the number after the last archived one. Several may run at
// once, and be killed at any moment: the next one resumes.
type Archiving struct {
	Log          eventlog.Log
	Store        Store
	Topics       []string
	Partitions   int
	SegmentBytes int               // 0 means the default
	Patience     time.Duration     // how long to wait for a missing number when later ones are there; 0 means 2 s
	All          bool              // also the last records, in an incomplete segment
	Progress     progress.Progress // of records; may be nil
}

// archiving is one run.
type archiving struct {
	Archiving

	mu   sync.Mutex
	done int
}

// Archived is the state of a topic partition's archive after a run.
type Archived struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	First     int64  `json:"first"`           // the lowest number archived
	Last      int64  `json:"last"`            // the last number without a gap from First
	Topped    int64  `json:"on_topic"`        // the last number on the topic
	Segments  int    `json:"segments"`        // written by this run
	Records   int64  `json:"records"`         // in them
	Fault     string `json:"fault,omitempty"` // why it cannot be archived further
}

// Run archives the records that are on the topics when it starts. A problem of one partition is its Fault, and the others go on;
// an error means that the log or the store cannot be reached.
func (c Archiving) Run(ctx context.Context) ([]Archived, error) {
	c.SegmentBytes, c.Patience = cmp.Or(c.SegmentBytes, SegmentBytes), cmp.Or(c.Patience, 2*time.Second)
	if c.Progress == nil {
		c.Progress = progress.Silent{}
	}
	a := &archiving{Archiving: c}
	held, err := Hold(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	report := make([]Archived, len(a.Topics)*a.Partitions)
	if err := side(ctx, report, func(ctx context.Context, i int) error {
		r := &report[i]
		r.Topic, r.Partition = a.Topics[i/a.Partitions], i%a.Partitions
		r.First, _ = held.Ends(r.Topic, r.Partition)
		r.Last = held.From(r.Topic, r.Partition, max(r.First-1, 0))
		tail, err := eventlog.End(ctx, a.Log, r.Topic, r.Partition)
		r.Topped = tail.Sequence
		return err
	}); err != nil {
		return nil, err
	}
	due := int64(0)
	for _, r := range report {
		due += max(r.Topped-r.Last, 0)
	}
	a.Progress.Stage("archiving events", int(due))
	err = side(ctx, report, func(ctx context.Context, i int) error { return a.partition(ctx, held, &report[i]) })
	return report, err
}

// side calls fn for each partition, several concurrently.
func side(ctx context.Context, report []Archived, fn func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range report {
		group.Go(func() error { return fn(ctx, i) })
	}
	return group.Wait()
}

func (a *archiving) partition(ctx context.Context, held Holdings, r *Archived) error {
	if r.Topped == 0 {
		return nil
	}
	reading := &eventlog.Reading{Log: a.Log, Topic: r.Topic, Upto: map[int]int64{r.Partition: r.Topped}, Patience: a.Patience,
		Last: map[int]int64{r.Partition: r.Last}, Next: map[int]int64{}}
	before := ""
	if r.Last > 0 {
		s, _ := held.holding(r.Topic, r.Partition, r.Last)
		next, last, fault, err := a.goOn(ctx, s)
		before = last
		if r.Fault = fault; err != nil || fault != "" {
			return err
		}
		if next >= 0 {
			reading.Next[r.Partition] = next
		}
	}
	if err := a.copy(ctx, reading, r, before); err != nil {
		return err
	}
	if beyond := reading.Beyond[r.Partition]; beyond > 0 && r.Last == 0 && r.Records == 0 {
		// Nothing is archived, and the topic's beginning was deleted: the archive begins at its first record.
		reading.Last[r.Partition] = beyond - 1
		delete(reading.Next, r.Partition)
		if err := a.copy(ctx, reading, r, before); err != nil {
			return err
		}
	}
	if beyond := reading.Beyond[r.Partition]; beyond > 0 {
		missing := reading.Last[r.Partition] + 1
		r.Fault = fmt.Sprintf("numbers %d to %d are missing on the topic, and nothing is archived across a hole: run "+
			"orderflow topics repair; "+
			"if they are lost for good, archive to another place", missing, beyond-1)
	}
	return nil
}

// copy archives the records of a reading, which go on after the archived event before; "" is none.
func (a *archiving) copy(ctx context.Context, reading *eventlog.Reading, r *Archived, before string) error {
	w := segmentWriter{before: before}
	put := func() error {
		s, file, err := w.bytes()
		if err == nil {
			err = a.Store.Put(ctx, s.Name(), file)
		}
		if err != nil && !errors.Is(err, ErrExists) { // another run was faster
			return err
		}
		if r.First == 0 {
			r.First = s.First
		}
		r.Last = s.Last
		r.Segments++
		r.Records += s.Last - s.First + 1
		a.progress(s.Last - s.First + 1)
		return nil
	}
	err := reading.Run(ctx, func(rec *kafka.Record) error {
		if w.add(rec); w.size >= a.SegmentBytes {
			return put()
		}
		return nil
	})
	if err == nil && a.All && w.size > 0 {
		err = put()
	}
	return err
}

// goOn finds the offset after the last archived record, -1 if that is not known, and that record's id. The fault is that the last
// segment is damaged, or that the topic is not the one that was archived.
func (a *archiving) goOn(ctx context.Context, s Segment) (next int64, lastID, fault string, err error) {
	last, err := load(ctx, a.Store, s)
	if errors.Is(err, ErrDamaged) {
		return 0, "", err.Error(), nil
	} else if err != nil {
		return 0, "", "", err
	}
	for _, from := range []map[int]int64{{s.Partition: last.header.Offset}, nil} {
		id := ""
		r := eventlog.Reading{Log: a.Log, Topic: s.Topic, Upto: map[int]int64{s.Partition: s.Last}, Patience: a.Patience,
			Last: map[int]int64{s.Partition: s.Last - 1}, Next: from}
		err := r.Run(ctx, func(rec *kafka.Record) error {
			id, next = rec.ID, rec.Offset+1
			return errFound
		})
		switch {
		case err != nil && !errors.Is(err, errFound):
			return 0, "", "", err
		case id == last.header.LastID:
			return next, id, "", nil
		case id != "" && from == nil:
			return 0, "", fmt.Sprintf("number %d on the topic is event %s, and in the archive it is event %s: this archive is "+
				"of another installation, "+
				"or the topic was numbered anew; archive to another place", s.Last, id, last.header.LastID), nil
		}
	}
	return -1, last.header.LastID, "", nil // the record was deleted from the topic
}

var errFound = errors.New("found")

func (a *archiving) progress(records int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done += int(records)
	a.Progress.Set(a.done)
}
