package kafka

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"strconv"
	"time"
)

// Layout of a version 2 record batch: the offsets of its header's fields.
const (
	atBaseOffset    = 0
	atLength        = 8
	atLeaderEpoch   = 12
	atMagic         = 16
	atCRC           = 17
	atAttributes    = 21 // the checksum covers everything from here
	atLastDelta     = 23
	atFirstTime     = 27
	atMaxTime       = 35
	atProducerID    = 43
	atProducerEpoch = 51
	atBaseSequence  = 53
	atCount         = 57
	batchHeader     = 61

	attrCompression = 7
	attrControl     = 1 << 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header names in their encoding: length, then bytes. Two headers never change and carry their value.
var (
	headerSpec        = headerName("ce_specversion") + headerName(specVersion)
	headerContent     = headerName("content-type") + headerName(contentType)
	headerID          = headerName("ce_id")
	headerType        = headerName("ce_type")
	headerSource      = headerName("ce_source")
	headerTime        = headerName("ce_time")
	headerSequence    = headerName("ce_sequence")
	headerSubject     = headerName("ce_subject")
	headerCorrelation = headerName("ce_correlationid")
	headerCausation   = headerName("ce_causationid")
	headerVia         = headerName("ce_via")
	headerTraceParent = headerName("traceparent")
	headerDataSchema  = headerName("ce_dataschema")
)

func headerName(s string) string {
	return string(append(binary.AppendVarint(nil, int64(len(s))), s...))
}

// EncodedSize is the largest size of a record in the protocol, in bytes, without compression.
func EncodedSize(r Record) int {
	const timeMax, sequenceMax = len("2006-01-02T15:04:05.000000Z"), 20
	return binary.MaxVarintLen32 + bodySize(&r, timeMax, sequenceMax) + binary.MaxVarintLen32
}

// bodySize counts a record's bytes after its length, without its offset delta.
func bodySize(r *Record, timeLen, sequenceLen int) int {
	n := 1 + 1 + stringSize(len(r.Key)) + stringSize(len(r.Data)) + 1
	n += len(headerSpec) + len(headerContent)
	n += len(headerID) + stringSize(len(r.ID)) + len(headerType) + stringSize(len(r.Type))
	n += len(headerSource) + stringSize(len(r.Source))
	n += len(headerTime) + stringSize(timeLen) + len(headerSequence) + stringSize(sequenceLen)
	for _, h := range optional(r) {
		if h.value != "" {
			n += len(h.name) + stringSize(len(h.value))
		}
	}
	return n
}

type header struct{ name, value string }

func optional(r *Record) [6]header {
	return [6]header{
		{headerSubject, r.Subject}, {headerCorrelation, r.Correlation}, {headerCausation, r.Causation},
		{headerVia, r.Via}, {headerTraceParent, r.TraceParent}, {headerDataSchema, r.DataSchema},
	}
}

// noTimestamp replaces Kafka's own timestamps in a batch without them. Retention then goes by the age of the log's files.
const noTimestamp = -1

// appendBatch appends the records as one version 2 batch of an idempotent producer. Kafka's own timestamp, in
// milliseconds, is that of publishing, not ce_time: retention counts from it, and brokers refuse one from the future.
func appendBatch(b []byte, records []Record, s session, timestamp int64) []byte {
	start := len(b)
	b = append(b, make([]byte, batchHeader)...)
	for i := range records {
		b = appendRecord(b, &records[i], int64(i))
	}
	h := b[start:]
	binary.BigEndian.PutUint32(h[atLength:], uint32(len(h)-atLeaderEpoch))
	binary.BigEndian.PutUint32(h[atLeaderEpoch:], ^uint32(0))
	h[atMagic] = 2
	binary.BigEndian.PutUint32(h[atLastDelta:], uint32(len(records)-1))
	binary.BigEndian.PutUint64(h[atFirstTime:], uint64(timestamp))
	binary.BigEndian.PutUint64(h[atMaxTime:], uint64(timestamp))
	binary.BigEndian.PutUint64(h[atProducerID:], uint64(s.id))
	binary.BigEndian.PutUint16(h[atProducerEpoch:], uint16(s.epoch))
	binary.BigEndian.PutUint32(h[atBaseSequence:], uint32(s.next))
	binary.BigEndian.PutUint32(h[atCount:], uint32(len(records)))
	binary.BigEndian.PutUint32(h[atCRC:], crc32.Checksum(h[atAttributes:], castagnoli))
	return b
}

func appendRecord(b []byte, r *Record, offsetDelta int64) []byte {
	var timeText [40]byte
	var sequenceText [20]byte
	at := r.Time.UTC().Truncate(time.Microsecond).AppendFormat(timeText[:0], time.RFC3339Nano)
	sequence := strconv.AppendInt(sequenceText[:0], r.Sequence, 10)
	extra := optional(r)
	headers := int64(7)
	for _, h := range extra {
		if h.value != "" {
			headers++
		}
	}

	b = binary.AppendVarint(b, int64(bodySize(r, len(at), len(sequence))+varintSize(offsetDelta)))
	b = append(b, 0, 0) // attributes, timestamp delta
	b = binary.AppendVarint(b, offsetDelta)
	b = appendString(b, r.Key)
	b = binary.AppendVarint(b, int64(len(r.Data)))
	b = append(b, r.Data...)
	b = binary.AppendVarint(b, headers)
	b = append(b, headerSpec...)
	b = appendString(append(b, headerID...), r.ID)
	b = appendString(append(b, headerSource...), r.Source)
	b = appendString(append(b, headerType...), r.Type)
	b = append(b, headerTime...)
	b = binary.AppendVarint(b, int64(len(at)))
	b = append(b, at...)
	b = append(b, headerSequence...)
	b = binary.AppendVarint(b, int64(len(sequence)))
	b = append(b, sequence...)
	b = append(b, headerContent...)
	for _, h := range extra {
		if h.value != "" {
			b = appendString(append(b, h.name...), h.value)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

func stringSize(n int) int { return varintSize(int64(n)) + n }

// varintSize is the number of bytes that binary.AppendVarint appends for v.
func varintSize(v int64) int {
	zigzag := uint64(v)<<1 ^ uint64(v>>63)
	return (bits.Len64(zigzag|1) + 6) / 7
}
