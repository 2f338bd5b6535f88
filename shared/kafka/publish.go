package kafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

const (
	acksAll      = -1
	maxBatch     = 1_000_000 // bytes; brokers refuse more than 1,048,588 by default
	firstBackoff = 20 * time.Millisecond
	lastBackoff  = time.Second

	unknownTopicFor = 2 * time.Second // a new topic may take a moment; a missing one must not block for ever
)

// Publish appends the batches, one request per leader for all of them (more when a batch exceeds what brokers accept),
// and returns one Ack for each. Time-outs, lost connections and changes of leader are answered by sending the same bytes
// again until ctx ends; a topic that does not exist is given two seconds. There is no lingering: what is given is sent.
func (p *Producer) Publish(ctx context.Context, batches []Batch) []Ack {
	acks := make([]Ack, len(batches))
	var jobs []*job
	for i := range batches {
		acks[i].BaseOffset = -1
		j := &job{batch: &batches[i], ack: &acks[i], rest: batches[i].Records}
		if len(j.rest) > 0 && j.check() {
			jobs = append(jobs, j)
		}
	}
	for len(jobs) > 0 {
		p.publishChunks(ctx, jobs)
		remaining := jobs[:0]
		for _, j := range jobs {
			if j.ack.Err == nil && len(j.rest) > 0 {
				remaining = append(remaining, j)
			}
		}
		jobs = remaining
	}
	return acks
}

// job is the work on one batch: its records go out in chunks, one in flight at a time.
type job struct {
	batch   *Batch
	ack     *Ack
	rest    []Record // not yet encoded
	session *session
	bytes   []byte // the chunk in flight, the same for every attempt
	count   int
	sent    int // records acknowledged
	offset  int64
	err     error
}

func (j *job) check() bool {
	for i := range j.rest {
		if err := j.rest[i].check(); err != nil {
			j.fail(fmt.Errorf("record %d (sequence %d): %w", i, j.rest[i].Sequence, err))
			return false
		}
	}
	return true
}

func (j *job) fail(err error) {
	j.ack.BaseOffset = -1
	j.ack.Err = fmt.Errorf("publish to %s partition %d: %w", j.batch.Topic, j.batch.Partition, err)
}

// encode puts as many records into the next chunk as a broker accepts, with the length that the protocol puts before it.
func (j *job) encode() {
	size, n := batchHeader, 0
	for n < len(j.rest) {
		more := EncodedSize(j.rest[n])
		if n > 0 && size+more > maxBatch {
			break
		}
		size, n = size+more, n+1
	}
	b := make([]byte, 4, 4+size)
	b = appendBatch(b, j.rest[:n], *j.session)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	j.bytes, j.count, j.rest = b, n, j.rest[n:]
}

// acknowledge records that the chunk in flight is on the topic.
func (j *job) acknowledge() {
	switch {
	case j.sent == 0:
		j.ack.BaseOffset = j.offset
	case j.offset != j.ack.BaseOffset+int64(j.sent):
		j.ack.BaseOffset = -1
	}
	j.sent += j.count
	j.session.next = int32((int64(j.session.next) + int64(j.count)) & math.MaxInt32)
	j.bytes = nil
}

// publishChunks sends the next chunk of every job and retries until each has an outcome.
func (p *Producer) publishChunks(ctx context.Context, jobs []*job) {
	waiting, started := append([]*job(nil), jobs...), time.Now()
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		p.attempt(ctx, waiting)
		again := waiting[:0]
		for _, j := range waiting {
			switch err := j.err; {
			case err == nil:
				j.acknowledge()
			case lostSession(err):
				j.fail(fmt.Errorf("%w (%w)", ErrSession, err))
			case IsUnknownTopic(err) && time.Since(started) > unknownTopicFor:
				j.fail(err)
			case IsTransient(err) && ctx.Err() == nil:
				again = append(again, j)
			case IsTransient(err):
				j.fail(givenUp(ctx, err))
			default:
				j.fail(err)
			}
			if j.ack.Err != nil && j.session != nil {
				p.abandon(j.session)
			}
		}
		if waiting = again; len(waiting) == 0 {
			return
		}
		if pause(ctx, backoff/2+rand.N(backoff/2)) != nil {
			for _, j := range waiting {
				j.fail(givenUp(ctx, j.err))
				if j.session != nil {
					p.abandon(j.session)
				}
			}
			return
		}
	}
}

func givenUp(ctx context.Context, err error) error {
	return fmt.Errorf("given up with the outcome unknown, %w after: %w", ctx.Err(), err)
}

func lostSession(err error) bool {
	return errors.Is(err, kafkago.OutOfOrderSequenceNumber) || errors.Is(err, kafkago.UnknownProducerId) ||
		errors.Is(err, kafkago.InvalidProducerEpoch) || errors.Is(err, kafkago.ProducerFenced) ||
		errors.Is(err, kafkago.InvalidProducerIDMapping)
}

// attempt sends every job's chunk once and leaves the outcome in job.err and job.offset.
func (p *Producer) attempt(ctx context.Context, jobs []*job) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var topics []string
	for i, j := range jobs {
		if i == 0 || j.batch.Topic != topics[len(topics)-1] {
			topics = append(topics, j.batch.Topic)
		}
	}
	known, err := p.client.layout(ctx, topics)
	leaders := make(map[int32][]*job, 1)
	for _, j := range jobs {
		if j.err = err; err != nil {
			continue
		}
		var leader int32
		if leader, j.err = known.leader(j.batch.Topic, j.batch.Partition); j.err != nil {
			p.client.refresh()
			continue
		}
		if j.bytes == nil {
			if j.session, j.err = p.open(ctx, j.batch.Topic, j.batch.Partition); j.err != nil {
				continue
			}
			j.encode()
		}
		leaders[leader] = append(leaders[leader], j)
	}
	var wg sync.WaitGroup
	for leader, group := range leaders {
		if len(leaders) == 1 {
			p.send(ctx, leader, group)
			return
		}
		wg.Go(func() { p.send(ctx, leader, group) })
	}
	wg.Wait()
}

func (p *Producer) send(ctx context.Context, leader int32, jobs []*job) {
	request := &rawproduce.Request{Acks: acksAll, Timeout: int32(requestTimeout.Milliseconds() / 2)}
	for _, j := range jobs {
		i := 0
		for i < len(request.Topics) && request.Topics[i].Topic != j.batch.Topic {
			i++
		}
		if i == len(request.Topics) {
			request.Topics = append(request.Topics, rawproduce.RequestTopic{Topic: j.batch.Topic})
		}
		request.Topics[i].Partitions = append(request.Topics[i].Partitions, rawproduce.RequestPartition{
			Partition: int32(j.batch.Partition),
			RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(j.bytes)},
		})
	}
	response, err := p.client.exchange(ctx, leader, request)
	for _, j := range jobs {
		if j.err = err; err == nil {
			j.offset, j.err = outcome(response.(*produce.Response), j.batch)
		}
		if j.err != nil && stale(j.err) {
			p.client.refresh()
		}
	}
}

func outcome(r *produce.Response, b *Batch) (int64, error) {
	for i := range r.Topics {
		if r.Topics[i].Topic != b.Topic {
			continue
		}
		for _, part := range r.Topics[i].Partitions {
			if int(part.Partition) != b.Partition {
				continue
			}
			switch code := kafkago.Error(part.ErrorCode); {
			case part.ErrorCode == 0:
				return part.BaseOffset, nil
			case code == kafkago.DuplicateSequenceNumber:
				return -1, nil // appended by an earlier attempt that was not answered
			case part.ErrorMessage != "":
				return -1, fmt.Errorf("%w (%s)", code, part.ErrorMessage)
			default:
				return -1, code
			}
		}
	}
	return -1, errors.New("kafka's answer leaves the partition out")
}
