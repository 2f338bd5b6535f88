// Package recording keeps the topics of an installation in one small file, and reads them back as a log: traffic for tests of
// package redecide. It is no archive: ids are shortened.
package recording

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/ulikunitz/xz"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
)

// Recording is the records of topics. It is an eventlog.Log.
type Recording struct {
	Partitions          int                                 `json:"partitions"`
	FraudVelocity       int                                 `json:"fraud_velocity"` // the configuration that decisions depend on
	FraudVelocityWithin time.Duration                       `json:"fraud_velocity_within"`
	Heard               map[string]map[string]map[int]int64 `json:"heard"` // by service, topic and partition: the last number

	records map[kafka.Position][]kafka.Record // by topic and partition
}

// line is one record in the file.
type line struct {
	Topic       string          `json:"topic"`
	Partition   int             `json:"p"`
	Sequence    int64           `json:"n"`
	Key         string          `json:"key"`
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Correlation string          `json:"saga,omitempty"`
	Causation   string          `json:"cause,omitempty"`
	Via         string          `json:"via,omitempty"`
	Time        time.Time       `json:"at"`
	Data        json.RawMessage `json:"data"`
}

// Read reads topics into the recording, up to their present ends.
func (r *Recording) Read(ctx context.Context, log eventlog.Log, topics ...string) error {
	r.records = map[kafka.Position][]kafka.Record{}
	for _, topic := range topics {
		reading := eventlog.Reading{Log: log, Topic: topic, Upto: map[int]int64{}, Patience: time.Second}
		for p := range r.Partitions {
			reading.Upto[p] = 1 << 62
		}
		err := reading.Run(ctx, func(rec *kafka.Record) error {
			one := *rec
			one.Data = bytes.Clone(rec.Data)
			at := kafka.Position{Topic: topic, Partition: rec.Partition}
			r.records[at] = append(r.records[at], one)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Save writes the recording as text, not yet compressed by xz.
func (r *Recording) Save(w io.Writer) error {
	var plain bytes.Buffer
	out := json.NewEncoder(&plain)
	if err := out.Encode(r); err != nil {
		return err
	}
	for _, at := range r.places() {
		for _, rec := range r.records[at] {
			err := out.Encode(line{rec.Topic, rec.Partition, rec.Sequence, rec.Key, rec.ID, rec.Type, rec.Correlation,
				rec.Causation, rec.Via, rec.Time, rec.Data})
			if err != nil {
				return err
			}
		}
	}
	_, err := w.Write(shorten(plain.Bytes()))
	return err
}

func (r *Recording) places() (all []kafka.Position) {
	for at := range r.records {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b kafka.Position) int {
		if a.Topic != b.Topic {
			return bytes.Compare([]byte(a.Topic), []byte(b.Topic))
		}
		return a.Partition - b.Partition
	})
	return all
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// shorten replaces the ids by numbers in their order: ids take the most room.
func shorten(text []byte) []byte {
	numbers := map[string]string{}
	var ids []string
	for _, id := range uuids.FindAll(text, -1) {
		if _, known := numbers[string(id)]; !known {
			numbers[string(id)] = ""
			ids = append(ids, string(id))
		}
	}
	slices.Sort(ids)
	for i, id := range ids {
		numbers[id] = fmt.Sprintf("%06s", strconv.FormatInt(int64(i), 36))
	}
	return uuids.ReplaceAllFunc(text, func(id []byte) []byte { return []byte(numbers[string(id)]) })
}

// Open reads a recording.
func Open(file io.Reader) (*Recording, error) {
	unpacked, err := xz.NewReader(bufio.NewReader(file))
	if err != nil {
		return nil, err
	}
	r, in := &Recording{records: map[kafka.Position][]kafka.Record{}}, json.NewDecoder(bufio.NewReaderSize(unpacked, 1<<20))
	if err := in.Decode(r); err != nil {
		return nil, err
	}
	for {
		var l line
		if err := in.Decode(&l); err == io.EOF {
			return r, nil
		} else if err != nil {
			return nil, err
		}
		at := kafka.Position{Topic: l.Topic, Partition: l.Partition}
		r.records[at] = append(r.records[at], kafka.Record{Topic: l.Topic, Partition: l.Partition, Offset: l.Sequence - 1,
			Sequence: l.Sequence,
			Source:   "/" + eventlog.Writer(l.Topic), Key: l.Key, ID: l.ID, Type: l.Type, Correlation: l.Correlation,
			Causation: l.Causation, Via: l.Via, Time: l.Time, Data: l.Data})
	}
}

// Offsets are the ends of the topics.
func (r *Recording) Offsets(_ context.Context, topic string, partitions []int) (first, next map[int]int64, err error) {
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range partitions {
		first[p], next[p] = 0, int64(len(r.records[kafka.Position{Topic: topic, Partition: p}]))
	}
	return first, next, nil
}

// fetched is the most records that a fetch returns.
const fetched = 1000

// Fetch returns the records at the positions; it never waits, as no more will come.
func (r *Recording) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		records := r.records[kafka.Position{Topic: at.Topic, Partition: at.Partition}]
		rest := records[min(at.Offset, int64(len(records))):]
		rest = rest[:min(len(rest), fetched)]
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: slices.Clone(rest),
			Next: at.Offset + int64(len(rest))})
	}
	return all, nil
}
