package kafka

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go/protocol/fetch"
)

const fetchVersion = 11

// Position is the next offset to read of a partition.
type Position struct {
	Topic     string
	Partition int
	Offset    int64
}

// Fetched is the result of a fetch for one partition. When Err is set, Records may still hold the good ones before it.
type Fetched struct {
	Topic         string
	Partition     int
	Records       []Record
	Next          int64 // where to continue; beyond the last record when control batches follow it
	LogStart      int64 // the oldest offset in the log, -1 when unknown
	HighWatermark int64 // the offset that the next record will get, -1 when unknown
	Err           error
}

// Fetch reads all positions in one long poll per leader. It returns as soon as any partition has records or an error, or
// wait has passed, and at once when ctx ends; every partition of the leaders that answered is in the result. The error is
// set when no leader could be asked; a partition without a reachable leader has its own Err. A broker answers a faulty
// position (out of range, for example) at once: leave it out of the next call, or the long poll of the others becomes a
// busy loop.
func (c *Client) Fetch(ctx context.Context, positions []Position, wait time.Duration) ([]Fetched, error) {
	groups, lost, err := c.byLeader(ctx, positions)
	if err != nil {
		return nil, err
	}
	switch len(groups) {
	case 0:
		return lost, pause(ctx, wait)
	case 1:
		for leader, group := range groups {
			fetched, err := c.fetchFrom(ctx, leader, group, wait)
			return append(fetched, lost...), err
		}
	}
	fetched, err := c.fetchFromAll(ctx, groups, wait)
	return append(fetched, lost...), err
}

// byLeader groups positions by the broker to ask; those without a leader are returned with the reason.
func (c *Client) byLeader(ctx context.Context, positions []Position) (map[int32][]Position, []Fetched, error) {
	if len(positions) == 0 {
		return nil, nil, nil
	}
	var topics []string
	for i, p := range positions {
		if i == 0 || p.Topic != topics[len(topics)-1] {
			topics = append(topics, p.Topic)
		}
	}
	known, err := c.layout(ctx, topics)
	if err != nil {
		return nil, nil, err
	}
	groups, lost := make(map[int32][]Position, 1), []Fetched(nil)
	for _, p := range positions {
		leader, err := known.leader(p.Topic, p.Partition)
		if err != nil {
			lost = append(lost, failed(p, err))
			continue
		}
		groups[leader] = append(groups[leader], p)
	}
	if len(lost) > 0 {
		c.refresh()
	}
	return groups, lost, nil
}

func failed(p Position, err error) Fetched {
	return Fetched{Topic: p.Topic, Partition: p.Partition, Next: p.Offset, LogStart: -1, HighWatermark: -1, Err: err}
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetchFrom fetches from one leader.
func (c *Client) fetchFrom(ctx context.Context, leader int32, positions []Position, wait time.Duration) ([]Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+requestTimeout)
	defer cancel()
	response, err := c.exchange(ctx, leader, c.fetchRequest(positions, wait))
	if err != nil {
		return nil, fmt.Errorf("fetch from kafka broker %d: %w", leader, err)
	}
	return c.decodeFetch(positions, response.(fetchResponse).body)
}

func (c *Client) fetchRequest(positions []Position, wait time.Duration) *fetch.Request {
	limit := int32(c.config.PartitionBytes)
	r := &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(wait.Milliseconds()), MinBytes: 1, MaxBytes: limit * fetchPartitions, SessionEpoch: -1,
	}
	for _, p := range positions {
		i := 0
		for i < len(r.Topics) && r.Topics[i].Topic != p.Topic {
			i++
		}
		if i == len(r.Topics) {
			r.Topics = append(r.Topics, fetch.RequestTopic{Topic: p.Topic})
		}
		r.Topics[i].Partitions = append(r.Topics[i].Partitions, fetch.RequestPartition{
			Partition: int32(p.Partition), CurrentLeaderEpoch: -1, FetchOffset: p.Offset, LogStartOffset: -1, PartitionMaxBytes: limit,
		})
	}
	return r
}

// decodeFetch reads the body of a fetch response, version 11.
func (c *Client) decodeFetch(positions []Position, body []byte) ([]Fetched, error) {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	b := wire{cursor{b: body}}
	b.int32() // throttle time
	if code := b.int16(); code != 0 {
		return nil, fmt.Errorf("fetch from kafka: %w", codeError(code))
	}
	b.int32() // session
	fetched := make([]Fetched, 0, len(positions))
	for range b.count() {
		topic := b.take(int(b.int16()))
		for range b.count() {
			f := Fetched{Partition: int(b.int32())}
			f.Err = codeError(b.int16())
			f.HighWatermark = b.int64()
			b.int64() // last stable offset
			f.LogStart = b.int64()
			for range b.count() {
				b.skip(16) // an aborted transaction
			}
			b.int32() // preferred replica
			records := b.take(int(b.int32()))
			if b.bad {
				break
			}
			from, asked := Position{}, false
			for _, p := range positions {
				if p.Partition == f.Partition && p.Topic == string(topic) {
					from, asked = p, true
				}
			}
			if !asked {
				continue
			}
			f.Topic, f.Next = from.Topic, from.Offset
			if f.Err != nil {
				if stale(f.Err) {
					c.refresh()
				}
				f.Err = fmt.Errorf("fetch %s partition %d from offset %d: %w", f.Topic, f.Partition, from.Offset, f.Err)
			} else if d.decodeBatches(&f, from.Offset, records); f.Err != nil {
				f.Err = fmt.Errorf("fetch %s partition %d: %w", f.Topic, f.Partition, f.Err)
			}
			fetched = append(fetched, f)
		}
	}
	if b.bad {
		return nil, fmt.Errorf("fetch from kafka: %w: the response of %d bytes ends early", ErrCorrupt, len(body))
	}
	return fetched, nil
}

// wire reads the fixed-size fields of the Kafka protocol.
type wire struct{ cursor }

// take returns the next n bytes; a negative n means an absent field.
func (w *wire) take(n int) []byte {
	b := w.b
	if n <= 0 {
		return nil
	}
	if w.skip(n); w.bad {
		return nil
	}
	return b[:n:n]
}

func (w *wire) int16() int16 {
	if b := w.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (w *wire) int32() int32 {
	if b := w.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (w *wire) int64() int64 {
	if b := w.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// count returns the length of an array whose elements take at least two bytes each.
func (w *wire) count() int {
	n := int(w.int32())
	if n > len(w.b)/2 {
		w.bad, w.b = true, nil
		return 0
	}
	return max(n, 0)
}
