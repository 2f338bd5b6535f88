package kafka

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go/protocol/initproducerid"
)

// Batch holds the records to append to one partition, in order. The records' own Topic, Partition and Offset are ignored.
type Batch struct {
	Topic     string
	Partition int
	Records   []Record
}

// Ack is the outcome of a batch. Without an error all its records are on the topic, acknowledged by all in-sync replicas,
// once per producer session; they are at BaseOffset and after it, or BaseOffset is -1 because the offsets are unknown or
// not contiguous. With an error it is unknown which of them are there, except that ErrInvalid is found before anything is
// sent, and that with ErrTooLarge neither the record it names nor the later ones are there.
type Ack struct {
	BaseOffset int64
	Err        error
}

// Producer publishes with idempotence: a retry of the same bytes is not appended twice. It is safe for concurrent use
// for different partitions; one partition must not be published to from two goroutines at once.
type Producer struct {
	client *Client
	asking chan struct{} // held by the goroutine that asks for a producer id

	untimed  atomic.Bool   // the broker refuses this machine's time
	patience time.Duration // replaced in tests

	mu       sync.Mutex
	id       int64 // the newest producer id, noID before the first and after one was lost
	epoch    int16
	sessions map[Position]*session // keyed by topic and partition
	senders  map[int32]*sender     // keyed by broker
}

const noID = -1

// session is the broker's state of a producer on one partition.
type session struct {
	id    int64
	epoch int16
	next  int32 // sequence number of the next record

	// suspect is set while the last attempt failed or was slow. A suspect partition has requests of its own.
	suspect bool
}

// NewProducer returns a producer with no session yet; the first Publish opens one.
func (c *Client) NewProducer() *Producer {
	return &Producer{client: c, asking: make(chan struct{}, 1), patience: patience, id: noID,
		sessions: make(map[Position]*session), senders: make(map[int32]*sender)}
}

// open makes a partition's session usable. A session with an unknown outcome is never continued: its sequence numbers
// could make the broker drop new records as duplicates. Partitions that have a session do not wait for one that needs it.
func (p *Producer) open(ctx context.Context, topic string, partition int) (*session, error) {
	for {
		if s := p.session(topic, partition); s.id != noID {
			return s, nil
		}
		if err := p.identify(ctx); err != nil {
			return nil, fmt.Errorf("ask kafka for a producer id: %w", err)
		}
	}
}

// session returns the partition's session, a new one if it has ended and there is a producer id for it.
func (p *Producer) session(topic string, partition int) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := Position{Topic: topic, Partition: partition}
	s := p.sessions[key]
	if s == nil {
		s = &session{id: noID}
		p.sessions[key] = s
	}
	if s.id == noID && p.id != noID {
		s.id, s.epoch, s.next = p.id, p.epoch, 0
	}
	return s
}

// identify gets a producer id, unless another goroutine has done so in the meantime.
func (p *Producer) identify(ctx context.Context) error {
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	known := p.id != noID
	p.mu.Unlock()
	if known {
		return nil
	}
	response, err := p.client.exchange(ctx, anyBroker, &initproducerid.Request{
		TransactionTimeoutMs: 60_000, ProducerID: -1, ProducerEpoch: -1,
	})
	if err != nil {
		return err
	}
	r := response.(*initproducerid.Response)
	if r.ErrorCode != 0 {
		return codeError(r.ErrorCode)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.id, p.epoch = r.ProducerID, r.ProducerEpoch
	return nil
}

// abandon ends a partition's session; the other partitions keep theirs.
func (p *Producer) abandon(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.id == p.id {
		p.id = noID
	}
	s.id = noID
}

func (p *Producer) sender(broker int32) *sender {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.senders[broker]
	if s == nil {
		s = &sender{client: p.client, broker: broker, patience: p.patience}
		p.senders[broker] = s
	}
	return s
}
