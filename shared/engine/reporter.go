package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"orderflow.example/shared/kafka"
)

const (
	repeatEvery   = 2   // an unchanged report is published only every second time
	every         = 1.5 // seconds; a process counts as silent after three of them, so that one report may be lost
	listedMost    = 100
	lineMost      = 300 // bytes of a reason
	reportTimeout = 3 * time.Second

	leaveTimeout = time.Second
)

var quoted = regexp.MustCompile("\"(\\\\.|[^\"\\\\])*\"?|`[^`]*`?|[^\\s<>(),;]+@[^\\s<>(),;]+")

// report is the progress of this process from memory, without the tables.
func (e *Engine) report() Report {
	r := Report{Service: e.Service, Process: e.id, At: e.clock.now(), Every: every, Partitions: []PartitionProgress{}}
	for _, p := range e.lease.owns() {
		progress := PartitionProgress{Partition: p.partition, Epoch: p.epoch}
		if since, reason := p.standstill(); !since.IsZero() {
			progress.Stopped = &Stopped{since, reason}
		}
		switch {
		case e.running.of(p.partition) == p:
			progress.Applied, progress.Published, progress.Retries = p.applied(), p.publisher.acknowledged(), p.calls.retries()
		case progress.Stopped == nil:
			continue // it starts, or stops
		}
		r.Partitions = append(r.Partitions, progress)
	}
	return r
}

// complete adds the survey of the tables to a report and queues it for publishing. The survey is later than the report: so no
// event counts as applied whose parking is not known yet, or as published before it is committed.
func (e *Engine) complete(ctx context.Context, r Report, found map[int]survey) error {
	at := make(map[int]*PartitionProgress, len(r.Partitions))
	var parked, moved, retried pgtype.FlatArray[int32]
	for i := range r.Partitions {
		p := &r.Partitions[i]
		of := found[p.Partition]
		p.Committed, p.NextDeadline, p.ParkedCount = of.Last, of.NextDeadline, of.Parked
		at[p.Partition] = p
		if of.Parked > 0 {
			parked = append(parked, int32(p.Partition))
		}
		if of.Moved {
			moved = append(moved, int32(p.Partition))
		}
		if of.Retried {
			retried = append(retried, int32(p.Partition))
		}
	}
	if err := e.listParked(ctx, parked, at); err != nil {
		return err
	}
	if err := e.listMoved(ctx, moved, at); err != nil {
		return err
	}
	if err := e.listRetries(ctx, retried, at); err != nil {
		return err
	}
	select {
	case e.reports <- r:
	default: // the previous one is not published yet
	}
	return nil
}

// listRetries adds the calls that wait in the table between two tries.
func (e *Engine) listRetries(ctx context.Context, partitions pgtype.FlatArray[int32], at map[int]*PartitionProgress) error {
	if len(partitions) > 0 {
		var rows []struct {
			Partition     int
			ID, Key, Type string
			Try           int
			Error         string
			Since         time.Time
		}
		err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT k.* FROM unnest($1::int[]) AS p (partition), LATERAL (
				SELECT partition, id, key, type, try + 1 AS try, last_error AS error, at AS since
				FROM engine.call q WHERE q.partition = p.partition AND try > 0 ORDER BY last_error = '', at LIMIT $2) k`, partitions,
			listedMost).Scan(&rows).Error
		if err != nil {
			return err
		}
		for _, r := range rows {
			p := at[r.Partition]
			l := e.laneOf(r.Type)
			if l == nil || slices.ContainsFunc(p.Retries, func(held Retry) bool { return held.ID == r.ID }) {
				continue
			}
			p.Retries = append(p.Retries, Retry{ID: r.ID, Key: r.Key, Question: l.answerer.Question, Try: r.Try, Error: r.Error,
				Since: r.Since})
		}
	}
	for _, p := range at {
		p.Retries = sortRetries(p.Retries)
	}
	return nil
}

func (e *Engine) listParked(ctx context.Context, partitions pgtype.FlatArray[int32], at map[int]*PartitionProgress) error {
	if len(partitions) == 0 {
		return nil
	}
	var rows []struct {
		Partition int
		Parked    `gorm:"embedded"`
	}
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT k.* FROM unnest($1::int[]) AS p (partition), LATERAL (
			SELECT partition, number, key, form, type, id, saga, split_part(reason, E'\n', 1) AS reason, parked_at
			FROM engine.parked k WHERE k.partition = p.partition ORDER BY reason = '', number LIMIT $2) k`, partitions, listedMost).
		Scan(&rows).Error
	for _, r := range rows {
		r.Reason = line(r.Reason)
		p := at[r.Partition]
		p.Parked = append(p.Parked, r.Parked)
	}
	return err
}

func (e *Engine) listMoved(ctx context.Context, partitions pgtype.FlatArray[int32], at map[int]*PartitionProgress) error {
	if len(partitions) == 0 {
		return nil
	}
	var rows []struct {
		Partition      int
		ID, Key, Since string
		DueAt          *time.Time
		By             string
		At             time.Time
	}
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT m.* FROM unnest($1::int[]) AS p (partition), LATERAL (
			SELECT partition, id, key, type AS since, nullif(due_at, 'infinity') AS due_at, moved_by AS by, moved_at AS at
			FROM engine.deadline d WHERE d.partition = p.partition AND moved_at IS NOT NULL ORDER BY moved_at DESC LIMIT $2) m`,
		partitions, listedMost).Scan(&rows).Error
	for _, r := range rows {
		p := at[r.Partition]
		p.Moved = append(p.Moved, Moved{ID: r.ID, Key: r.Key, Since: r.Since, DueAt: r.DueAt, By: r.By, At: r.At})
	}
	return err
}

// publishReports publishes the reports. Nothing waits for them.
func (e *Engine) publishReports(ctx context.Context) {
	var last []byte
	for quiet := 0; ; {
		select {
		case <-ctx.Done():
			return
		case r := <-e.reports:
			news, _ := json.Marshal(r.Partitions)
			if quiet++; quiet < repeatEvery && bytes.Equal(news, last) {
				continue
			}
			last, quiet = news, 0
			if err := e.publishReport(ctx, r); err != nil {
				e.Log.Debug("progress report not published", "err", err)
				last = nil
			}
		}
	}
}

// leave publishes the final report, within leaveTimeout: a broker that is down does not delay a stop.
func (e *Engine) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	r := Report{Service: e.Service, Process: e.id, At: e.clock.now(), Every: every, Leaving: true, Partitions: []PartitionProgress{}}
	if err := e.publishReport(ctx, r); err != nil {
		e.Log.Debug("final progress report not published", "err", err)
	}
}

// publishReport shortens the lists until they fit into a record.
func (e *Engine) publishReport(ctx context.Context, r Report) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	record := kafka.Record{ID: uuid.NewString(), Type: ReportType, Source: e.source(), Key: e.Service, Time: r.At, Sequence: 1}
	for most := listedMost; ; most /= 2 {
		var err error
		if record.Data, err = json.Marshal(r); err != nil {
			return err
		}
		if most == 0 || kafka.EncodedSize(record) <= kafka.MaxRecordBytes {
			break
		}
		for i := range r.Partitions {
			p := &r.Partitions[i]
			p.Parked, p.Retries, p.Moved = p.Parked[:min(len(p.Parked), most/2)], p.Retries[:min(len(p.Retries), most/2)],
				p.Moved[:min(len(p.Moved), most/2)]
		}
	}
	return e.producer.Publish(ctx, []kafka.Batch{{Topic: ReportsTopic, Records: []kafka.Record{record}}})[0].Err
}

// applied is the number, by topic, up to which every event is processed or parked.
func (w *worker) applied() map[string]int64 {
	applied := make(map[string]int64, len(w.readers))
	for _, r := range w.readers {
		applied[r.topic] = r.applied.Load()
	}
	return applied
}

// line is the part of an error that may leave the service: its first line, without quoted text, which may be a person's name or
// address.
func line(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = quoted.ReplaceAllString(text, "…")
	for len(text) > lineMost {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}
