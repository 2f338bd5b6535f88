package kafka

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	kafkago "github.com/segmentio/kafka-go"
)

// OffsetOutOfRange means that the log holds no record at the requested offset: retention deleted it, or the log lost its
// tail.
const OffsetOutOfRange = kafkago.OffsetOutOfRange

var (
	// ErrSession means that the broker no longer knows the producer's session, so it is unknown which of the records are
	// on the topic. Read the topic's end before publishing again; the next Publish opens a new session.
	ErrSession = errors.New("kafka producer session lost: read the end of the topic before publishing again")

	// ErrTooLarge means that a record exceeds MaxRecordBytes, and nothing of its batch was sent; or that it exceeds the
	// topic's max.message.bytes, and neither it nor the later records of its batch are on the topic.
	ErrTooLarge = errors.New("kafka record too large")

	// ErrInvalid means that a record breaks the envelope's rules. Nothing of its batch was sent.
	ErrInvalid = errors.New("kafka record invalid")

	// ErrCorrupt means that fetched bytes are damaged: a checksum, a length or an offset is wrong.
	ErrCorrupt = errors.New("kafka log corrupt")
)

// IsOutOfRange reports whether the requested offset is not (or no longer) in the log.
func IsOutOfRange(err error) bool { return errors.Is(err, kafkago.OffsetOutOfRange) }

// IsUnknownTopic reports whether the topic or partition does not exist, or the broker does not know it yet.
func IsUnknownTopic(err error) bool { return errors.Is(err, kafkago.UnknownTopicOrPartition) }

// IsTransient reports whether a retry may help. It does not tell whether a publish was written.
func IsTransient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrSession) || errors.Is(err, ErrCorrupt) {
		return false
	}
	for _, known := range transient {
		if errors.Is(err, known) {
			return true
		}
	}
	var code kafkago.Error
	if errors.As(err, &code) {
		return code.Temporary()
	}
	var network net.Error
	return errors.As(err, &network)
}

var transient = []error{
	context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	kafkago.BrokerNotAvailable, kafkago.ReplicaNotAvailable,
}

// broken reports whether a connection in use failed. A connection that could not be made, and a late answer, are not such
// failures.
func broken(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Timeout()) {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || op != nil
}

// tooLarge reports whether the broker refused a batch for its size. Nothing of the batch was appended.
func tooLarge(err error) bool {
	return errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, kafkago.RecordListTooLarge)
}

// stale reports whether err hints that the known leaders are out of date.
func stale(err error) bool {
	return IsUnknownTopic(err) || errors.Is(err, kafkago.NotLeaderForPartition) || errors.Is(err, kafkago.LeaderNotAvailable) ||
		errors.Is(err, kafkago.FencedLeaderEpoch) || errors.Is(err, kafkago.BrokerNotAvailable) ||
		errors.Is(err, kafkago.KafkaStorageError) || errors.Is(err, kafkago.ReplicaNotAvailable)
}

func codeError(code int16) error {
	if code == 0 {
		return nil
	}
	return kafkago.Error(code)
}
