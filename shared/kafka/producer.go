package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go/protocol/initproducerid"
)

// Batch is what to append to one partition, in order. The records' own Topic, Partition and Offset are ignored.
type Batch struct {
	Topic     string
	Partition int
	Records   []Record
}

// Ack is the outcome of a batch. Without an error all its records are on the topic, acknowledged by all in-sync
// replicas, once per producer session; they stand at BaseOffset and after it, or BaseOffset is -1 because the offsets are
// unknown or not contiguous. With an error it is unknown which of them are there, except that ErrTooLarge and ErrInvalid
// are found before anything is sent.
type Ack struct {
	BaseOffset int64
	Err        error
}

// Producer publishes with idempotence: a retry of the same bytes is not appended twice. It is safe for concurrent use
// for different partitions; one partition must not be published to from two goroutines at once.
type Producer struct {
	client *Client

	mu       sync.Mutex
	id       int64 // the newest producer id, noID before the first and after one was lost
	epoch    int16
	sessions map[Position]*session // keyed by topic and partition
}

const noID = -1

// session is what the broker knows of a producer on one partition.
type session struct {
	id    int64
	epoch int16
	next  int32 // sequence number of the next record
}

// NewProducer returns a producer with no session yet; the first Publish opens one.
func (c *Client) NewProducer() *Producer {
	return &Producer{client: c, id: noID, sessions: make(map[Position]*session)}
}

// open makes a partition's session usable. A session that ended in doubt never continues: its sequence numbers could
// make the broker take new records for old ones.
func (p *Producer) open(ctx context.Context, topic string, partition int) (*session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := Position{Topic: topic, Partition: partition}
	s := p.sessions[key]
	if s != nil && s.id != noID {
		return s, nil
	}
	if p.id == noID {
		response, err := p.client.exchange(ctx, anyBroker, &initproducerid.Request{
			TransactionTimeoutMs: 60_000, ProducerID: -1, ProducerEpoch: -1,
		})
		if err != nil {
			return nil, fmt.Errorf("ask kafka for a producer id: %w", err)
		}
		r := response.(*initproducerid.Response)
		if r.ErrorCode != 0 {
			return nil, fmt.Errorf("ask kafka for a producer id: %w", codeError(r.ErrorCode))
		}
		p.id, p.epoch = r.ProducerID, r.ProducerEpoch
	}
	if s == nil {
		s = &session{}
		p.sessions[key] = s
	}
	*s = session{id: p.id, epoch: p.epoch}
	return s, nil
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
