package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

const (
	maxBatch     = 1_000_000 // bytes; brokers refuse more than 1,048,588 by default
	firstBackoff = 20 * time.Millisecond
	lastBackoff  = time.Second

	unknownTopicFor = 2 * time.Second // a new topic may take a moment; a missing one must not block for ever
)

// Publish appends the batches and returns one Ack for each, once all have an outcome. Use separate calls for batches that
// must not wait for each other: the chunks of concurrent calls for one broker still share requests. A batch larger than
// brokers accept is sent in pieces. After time-outs, lost connections and changes of leader the same bytes are sent again
// until ctx ends; a topic that does not exist is retried for two seconds.
func (p *Producer) Publish(ctx context.Context, batches []Batch) []Ack {
	acks := make([]Ack, len(batches))
	jobs := make([]*job, 0, len(batches))
	for i := range batches {
		acks[i].BaseOffset = -1
		j := &job{batch: &batches[i], ack: &acks[i], limit: maxBatch}
		if len(batches[i].Records) > 0 && j.check() {
			jobs = append(jobs, j)
		}
	}
	if len(jobs) == 0 {
		return acks
	}
	p.attempt(ctx, jobs)
	var others sync.WaitGroup
	for _, j := range jobs[1:] {
		others.Go(func() { p.finish(ctx, j) })
	}
	p.finish(ctx, jobs[0])
	others.Wait()
	return acks
}

// job is the work on one batch: its records go out in chunks, one in flight at a time.
type job struct {
	batch   *Batch
	ack     *Ack
	session *session
	sent    int           // records acknowledged
	limit   int           // bytes of a chunk
	bytes   []byte        // the records of the chunk in flight, the same for every attempt
	count   int           // how many they are
	timed   bool          // whether they have Kafka's own timestamps
	begun   time.Time     // when the chunk in flight was first attempted
	backoff time.Duration // before its last attempt
	chunk   *chunk        // nil when the attempt failed before sending

	offset int64 // the outcome of the last attempt
	err    error
}

func (j *job) check() bool {
	for i := range j.batch.Records {
		if err := j.batch.Records[i].check(); err != nil {
			j.fail(fmt.Errorf("record %d (sequence %d): %w", i, j.batch.Records[i].Sequence, err))
			return false
		}
	}
	return true
}

func (j *job) fail(err error) {
	j.ack.BaseOffset = -1
	j.ack.Err = fmt.Errorf("publish to %s partition %d: %w", j.batch.Topic, j.batch.Partition, err)
}

// encode encodes the next chunk: as many records as the broker is expected to accept, and at least one.
func (j *job) encode(timestamp int64) {
	rest := j.batch.Records[j.sent:]
	size, n := batchHeader, 0
	for n < len(rest) {
		more := EncodedSize(rest[n])
		if n > 0 && size+more > j.limit {
			break
		}
		size, n = size+more, n+1
	}
	b := make([]byte, 4, 4+size)
	b = appendBatch(b, rest[:n], *j.session, timestamp)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	j.bytes, j.count, j.timed = b, n, timestamp != noTimestamp
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
	j.bytes, j.begun, j.backoff = nil, time.Time{}, 0
}

// finish repeats attempts until the batch is on the topic or given up.
func (p *Producer) finish(ctx context.Context, j *job) {
	for !p.conclude(ctx, j) {
		p.attempt(ctx, []*job{j})
	}
}

// conclude handles the outcome of an attempt and tells whether the job is done.
func (p *Producer) conclude(ctx context.Context, j *job) bool {
	switch err := j.err; {
	case err == nil:
		j.acknowledge()
		return j.sent == len(j.batch.Records)
	case errors.Is(err, kafkago.InvalidTimestamp) && j.timed:
		p.omitTimestamps(err)
		j.bytes = nil
		return false
	case tooLarge(err) && j.count > 1:
		j.limit, j.bytes = len(j.bytes)/2, nil
		return false
	case tooLarge(err):
		j.fail(fmt.Errorf("%w: sequence %d takes %d bytes, raise the topic's max.message.bytes to that or more (%w)",
			ErrTooLarge, j.batch.Records[j.sent].Sequence, len(j.bytes)-4, err))
	case lostSession(err):
		j.fail(fmt.Errorf("%w (%w)", ErrSession, err))
	case !IsTransient(err), IsUnknownTopic(err) && time.Since(j.begun) > unknownTopicFor:
		j.fail(err)
	case ctx.Err() != nil || j.pause(ctx) != nil:
		j.fail(fmt.Errorf("given up with the outcome unknown, %w after: %w", ctx.Err(), err))
	default:
		return false
	}
	if j.session != nil {
		p.abandon(j.session)
	}
	return true
}

// timestamp is the time of publishing, which brokers refuse when it is too far from theirs.
func (p *Producer) timestamp() int64 {
	if p.untimed.Load() {
		return noTimestamp
	}
	return p.client.config.Now().UnixMilli()
}

// omitTimestamps publishes without Kafka's timestamps from now on, so that a wrong clock does not stop all publishing.
func (p *Producer) omitTimestamps(err error) {
	if p.untimed.CompareAndSwap(false, true) {
		p.client.config.Log.Warn("kafka refuses the time of this machine; publishing without Kafka's timestamps until the next start; "+
			"set the clock", "clock", p.client.config.Now().UTC(), "err", err)
	}
}

func (j *job) pause(ctx context.Context) error {
	j.backoff = min(max(2*j.backoff, firstBackoff), lastBackoff)
	return pause(ctx, j.backoff/2+rand.N(j.backoff/2))
}

func lostSession(err error) bool {
	return errors.Is(err, kafkago.OutOfOrderSequenceNumber) || errors.Is(err, kafkago.UnknownProducerId) ||
		errors.Is(err, kafkago.InvalidProducerEpoch) || errors.Is(err, kafkago.ProducerFenced) ||
		errors.Is(err, kafkago.InvalidProducerIDMapping)
}
