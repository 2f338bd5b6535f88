package engine

import (
	"bytes"
	"cmp"
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
	heartbeat  = 2   // a standing that says nothing new is said only every second time
	every      = 1.5 // seconds: three of them are not silence yet, even where one word is lost
	listedMost = 100
	lineMost   = 300 // bytes of a reason
	sayTimeout = 3 * time.Second

	leaveTimeout = time.Second
)

var quoted = regexp.MustCompile("\"(\\\\.|[^\"\\\\])*\"?|`[^`]*`?|[^\\s<>(),;]+@[^\\s<>(),;]+")

// standing is what this process knows of itself, without the tables.
func (e *Engine) standing(workers []*worker) Standing {
	s := Standing{Service: e.Service, Process: e.id, At: time.Now().UTC(), Every: every, Partitions: []PartitionStanding{}}
	published := e.publisher.acknowledged()
	for _, w := range workers {
		if n, ok := published[w.partition]; ok {
			s.Partitions = append(s.Partitions, PartitionStanding{Partition: w.partition, Epoch: w.epoch, Applied: w.applied(), Published: n, Trying: w.unanswered()})
		}
	}
	slices.SortFunc(s.Partitions, func(a, b PartitionStanding) int { return cmp.Compare(a.Partition, b.Partition) })
	return s
}

// tell adds to a standing what the tables say, and hands it on. They were asked after it was made: so nothing counts as
// applied whose parking is not known yet, and nothing as published that is not committed.
func (e *Engine) tell(ctx context.Context, s Standing, found map[int]survey) error {
	at := make(map[int]*PartitionStanding, len(s.Partitions))
	var parked, moved pgtype.FlatArray[int32]
	for i := range s.Partitions {
		p := &s.Partitions[i]
		of := found[p.Partition]
		p.Committed, p.NextDeadline, p.ParkedCount = of.Last, of.NextDeadline, of.Parked
		at[p.Partition] = p
		if of.Parked > 0 {
			parked = append(parked, int32(p.Partition))
		}
		if of.Moved {
			moved = append(moved, int32(p.Partition))
		}
	}
	if err := e.listParked(ctx, parked, at); err != nil {
		return err
	}
	if err := e.listMoved(ctx, moved, at); err != nil {
		return err
	}
	select {
	case e.standings <- s:
	default: // the one before is still on its way
	}
	return nil
}

func (e *Engine) listParked(ctx context.Context, partitions pgtype.FlatArray[int32], at map[int]*PartitionStanding) error {
	if len(partitions) == 0 {
		return nil
	}
	var rows []struct {
		Partition int
		Parked    `gorm:"embedded"`
	}
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT k.* FROM unnest($1::int[]) AS p (partition), LATERAL (
			SELECT partition, number, key, form, type, id, saga, split_part(reason, E'\n', 1) AS reason, parked_at
			FROM engine.parked k WHERE k.partition = p.partition ORDER BY reason = '', number LIMIT $2) k`, partitions, listedMost).Scan(&rows).Error
	for _, r := range rows {
		r.Reason = line(r.Reason)
		p := at[r.Partition]
		p.Parked = append(p.Parked, r.Parked)
	}
	return err
}

func (e *Engine) listMoved(ctx context.Context, partitions pgtype.FlatArray[int32], at map[int]*PartitionStanding) error {
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

// say publishes standings. Nothing depends on it, and nothing waits for it.
func (e *Engine) say(ctx context.Context) {
	var said []byte
	for quiet := 0; ; {
		select {
		case <-ctx.Done():
			return
		case s := <-e.standings:
			news, _ := json.Marshal(s.Partitions)
			if quiet++; quiet < heartbeat && bytes.Equal(news, said) {
				continue
			}
			said, quiet = news, 0
			if err := e.publishStanding(ctx, s); err != nil {
				e.Log.Debug("standing not said", "err", err)
				said = nil
			}
		}
	}
}

// leave says the last standing, within a moment: a broker that is away does not hold up a stop.
func (e *Engine) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	s := e.standing(nil)
	s.Leaving = true
	if err := e.publishStanding(ctx, s); err != nil {
		e.Log.Debug("leaving without a word", "err", err)
	}
}

// publishStanding shortens the lists until they fit into a record.
func (e *Engine) publishStanding(ctx context.Context, s Standing) error {
	ctx, cancel := context.WithTimeout(ctx, sayTimeout)
	defer cancel()
	record := kafka.Record{ID: uuid.NewString(), Type: StandingType, Source: "/" + e.Service, Key: e.Service, Time: s.At, Sequence: 1}
	for most := listedMost; ; most /= 2 {
		var err error
		if record.Data, err = json.Marshal(s); err != nil {
			return err
		}
		if most == 0 || kafka.EncodedSize(record) <= kafka.MaxRecordBytes {
			break
		}
		for i := range s.Partitions {
			p := &s.Partitions[i]
			p.Parked, p.Trying, p.Moved = p.Parked[:min(len(p.Parked), most/2)], p.Trying[:min(len(p.Trying), most/2)], p.Moved[:min(len(p.Moved), most/2)]
		}
	}
	return e.publisher.producer.Publish(ctx, []kafka.Batch{{Topic: StandingsTopic, Records: []kafka.Record{record}}})[0].Err
}

// applied is the number, by topic, up to which everything is done or parked.
func (w *worker) applied() map[string]int64 {
	applied := make(map[string]int64, len(w.readers))
	for _, r := range w.readers {
		applied[r.topic] = r.applied.Load()
	}
	return applied
}

// line is what may be told of an error outside the service: its first line, without what it quotes, which may be
// somebody's name or address.
func line(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = quoted.ReplaceAllString(text, "…")
	for len(text) > lineMost {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}
