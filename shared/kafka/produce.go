package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

const (
	acksAll = -1

	// slow is the multiple of the producer's patience after which an answer makes partitions suspect: a broker holds its
	// answer until the last partition of the request is replicated, so one of them may be delaying the others.
	slow = 5
)

// chunk is one attempt to append one record batch. Its outcome is set before answered is closed.
type chunk struct {
	topic     string
	partition int32
	bytes     []byte        // with the length that the protocol puts before it
	answered  chan struct{} // nil when its caller's own goroutine sends it

	offset  int64
	err     error
	suspect bool // it was slow or failed
}

// outcome returns the chunk's outcome once send has returned.
func (c *chunk) outcome(ctx context.Context) (offset int64, suspect bool, err error) {
	if c.answered != nil {
		select {
		case <-c.answered:
		default:
			return -1, true, ctx.Err()
		}
	}
	return c.offset, c.suspect, c.err
}

// produce sends the chunks in one request and sets the outcome of each.
func (s *sender) produce(ctx context.Context, chunks []*chunk) {
	request := &rawproduce.Request{Acks: acksAll, Timeout: int32(requestTimeout.Milliseconds() / 2)}
	for _, chunk := range chunks {
		i := 0
		for i < len(request.Topics) && request.Topics[i].Topic != chunk.topic {
			i++
		}
		if i == len(request.Topics) {
			request.Topics = append(request.Topics, rawproduce.RequestTopic{Topic: chunk.topic})
		}
		request.Topics[i].Partitions = append(request.Topics[i].Partitions, rawproduce.RequestPartition{
			Partition: chunk.partition,
			RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(chunk.bytes)},
		})
	}
	begun := time.Now()
	response, err := s.client.exchange(ctx, s.broker, request)
	suspect := time.Since(begun) > slow*s.patience
	for _, chunk := range chunks {
		if chunk.err = err; err == nil {
			chunk.offset, chunk.err = appended(response.(*produce.Response), chunk)
		}
		chunk.suspect = suspect || chunk.err != nil
		if chunk.err != nil && stale(chunk.err) {
			s.client.refresh()
		}
	}
}

// appended finds a chunk's offset in the response.
func appended(r *produce.Response, c *chunk) (offset int64, err error) {
	for i := range r.Topics {
		if r.Topics[i].Topic != c.topic {
			continue
		}
		for _, part := range r.Topics[i].Partitions {
			if part.Partition != c.partition {
				continue
			}
			switch code := kafkago.Error(part.ErrorCode); {
			case part.ErrorCode == 0:
				return part.BaseOffset, nil
			case code == kafkago.DuplicateSequenceNumber:
				return -1, nil // appended by an earlier attempt whose answer was lost
			case part.ErrorMessage != "":
				return -1, fmt.Errorf("%w (%s)", code, part.ErrorMessage)
			default:
				return -1, code
			}
		}
	}
	return -1, errors.New("kafka's answer leaves the partition out")
}
