package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// errOtherLog means that a topic no longer holds the records read from it.
var errOtherLog = errors.New("the topic does not hold the records read before")

// sideBySide is how far, in the events' own time, one partition may be read ahead of the others while everything is read
// from the beginning. So sagas end one after another, and those that have ended can be packed.
const sideBySide = time.Minute

// reading is the position in all topics.
type reading struct {
	w       *Watcher
	cursors []*cursor
	logged  time.Time
}

// cursor is the position in one partition.
type cursor struct {
	topic     string
	partition int
	next      int64     // offset to read next
	id        string    // of the record before
	match     bool      // the next fetch must find that record again
	at        time.Time // of it
	end       int64     // the offset at which the partition ended at the start
	first     int64     // where its reading began
	lost      bool      // the offset at which the partition begins has to be found again
}

func newReading(w *Watcher) *reading { return &reading{w: w} }

// open finds where every partition begins and ends.
func (r *reading) open(ctx context.Context) error {
	var cursors []*cursor
	add := func(topic string, partitions int) error {
		all := make([]int, partitions)
		for i := range all {
			all[i] = i
		}
		first, next, err := r.w.Kafka.Offsets(ctx, topic, all)
		for _, p := range all {
			cursors = append(cursors, &cursor{topic: topic, partition: p, next: first[p], first: first[p], end: next[p]})
		}
		return err
	}
	err := add(engine.ReportsTopic, 1) // first: by the progress of the services it is known which sagas owe nothing
	err = errors.Join(err, add(engine.ControlTopic, 1), add(service.AuditTopic, 1))
	for _, topic := range r.w.Topics {
		err = errors.Join(err, add(topic, r.w.Partitions))
	}
	if err == nil {
		r.cursors = cursors
	}
	return err
}

// suspect makes the next fetch check that the topics still hold the last records read.
func (r *reading) suspect() {
	for _, c := range r.cursors {
		c.match = c.id != ""
	}
}

func (r *reading) poll(ctx context.Context) error {
	if r.cursors == nil {
		if err := r.open(ctx); err != nil {
			return err
		}
		r.report()
	}
	if err := r.find(ctx); err != nil {
		return err
	}
	positions, of := r.turn()
	fetched, err := r.w.Kafka.Fetch(ctx, positions, longPoll)
	if err != nil {
		return err
	}
	var errs []error
	r.w.mu.Lock()
	for i := range fetched {
		if c := of[place{fetched[i].Topic, fetched[i].Partition}]; c != nil {
			errs = append(errs, r.take(c, &fetched[i]))
		}
	}
	r.w.mu.Unlock()
	r.report()
	return errors.Join(errs...)
}

type place struct {
	topic     string
	partition int
}

// turn chooses what to read next: all partitions, or, while the beginning is read, those that are not ahead.
func (r *reading) turn() (positions []kafka.Position, of map[place]*cursor) {
	var slowest *cursor
	for _, c := range r.cursors {
		if c.next >= c.end {
			continue
		}
		if c.topic == engine.ReportsTopic {
			slowest = c
			break
		}
		if slowest == nil || c.at.Before(slowest.at) {
			slowest = c
		}
	}
	of = make(map[place]*cursor, len(r.cursors))
	for _, c := range r.cursors {
		if slowest != nil && c != slowest && (slowest.topic == engine.ReportsTopic || c.at.After(slowest.at.Add(sideBySide))) {
			continue
		}
		of[place{c.topic, c.partition}] = c
		from := c.next
		if c.match {
			from--
		}
		positions = append(positions, kafka.Position{Topic: c.topic, Partition: c.partition, Offset: from})
	}
	return positions, of
}

// take passes the fetched records to the index.
func (r *reading) take(c *cursor, got *kafka.Fetched) error {
	if kafka.IsOutOfRange(got.Err) {
		return r.lost(c)
	}
	records := got.Records
	if c.match {
		switch {
		case len(records) > 0 && records[0].Offset == c.next-1 && records[0].ID == c.id:
			records, c.match = records[1:], false
		case len(records) > 0 || got.HighWatermark >= 0 && got.HighWatermark < c.next:
			return r.lost(c)
		default:
			return got.Err
		}
	}
	for i := range records {
		r.tell(&records[i])
	}
	if n := len(records); n > 0 {
		c.id, c.at = records[n-1].ID, records[n-1].Time
	}
	c.next = max(c.next, got.Next)
	if got.Err != nil {
		c.match = c.id != ""
	}
	return got.Err
}

// byTheWay are the topics that no state depends on: reports and requests, of which only the latest matter, and the audit.
var byTheWay = []string{engine.ReportsTopic, engine.ControlTopic, service.AuditTopic}

// lost handles a partition that does not hold the records read from it.
func (r *reading) lost(c *cursor) error {
	if c.lost = slices.Contains(byTheWay, c.topic); c.lost {
		return nil
	}
	return fmt.Errorf("%w: %s partition %d at offset %d", errOtherLog, c.topic, c.partition, c.next)
}

// find looks up where lost partitions begin now.
func (r *reading) find(ctx context.Context) error {
	for _, c := range r.cursors {
		if !c.lost {
			continue
		}
		first, _, err := r.w.Kafka.Offsets(ctx, c.topic, []int{c.partition})
		if err != nil {
			return err
		}
		c.next, c.id, c.match, c.lost = first[c.partition], "", false, false
	}
	return nil
}

// tell passes a record to the index.
func (r *reading) tell(rec *kafka.Record) {
	switch rec.Topic {
	case engine.ReportsTopic:
		var s engine.Report
		if rec.Type == engine.ReportType && json.Unmarshal(rec.Data, &s) == nil {
			r.w.index.Report(reportOf(s))
		}
	case engine.ControlTopic:
		var m engine.Move
		if rec.Type == moveRequested && json.Unmarshal(rec.Data, &m) == nil {
			r.w.index.Asked(moveOf(m.Moved))
		}
	case service.AuditTopic:
		r.w.acts.take(rec)
	default:
		if rec.Source != "/"+saga.Producer(rec.Topic) {
			return // not of the service that writes the topic: no consumer applies it
		}
		record := recordOf(rec)
		r.w.index.Add(&record)
	}
}

// moveRequested is the type of the records that engine.RequestMove publishes on the control topic.
const moveRequested = "orderflow.deadline_move_requested.v1"

func recordOf(rec *kafka.Record) tracker.Record {
	return tracker.Record{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Sequence: rec.Sequence,
		ID: rec.ID, Type: rec.Type,
		Key: rec.Key, Saga: rec.Correlation, Cause: rec.Causation, Via: rec.Via, Time: rec.Time, Data: rec.Data}
}

// report notes how far the first reading is.
func (r *reading) report() {
	if r.w.progress.Done {
		return
	}
	p := Progress{Done: true}
	for _, c := range r.cursors {
		p.Read += min(c.next, c.end) - c.first
		p.Total += c.end - c.first
		p.Done = p.Done && c.next >= c.end
	}
	r.w.mu.Lock()
	r.w.progress = p
	if p.Done {
		r.w.index.Sweep(time.Now())
	}
	r.w.mu.Unlock()
	if p.Done || time.Since(r.logged) > 5*time.Second {
		r.logged = time.Now()
		r.w.Log.Info("reading sagas from the topics", "read", p.Read, "of", p.Total, "done", p.Done)
	}
}
