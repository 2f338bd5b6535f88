package kafka

import (
	"bytes"
	"fmt"
	"time"
)

// MaxRecordBytes bounds a record's EncodedSize. Brokers refuse batches above 1,048,588 bytes by default.
const MaxRecordBytes = 900_000

// Record is one CloudEvent in binary mode. Empty optional fields (Subject, Correlation, Causation, Via, TraceParent,
// DataSchema) are not sent.
type Record struct {
	Topic     string
	Partition int
	Offset    int64 // ignored when publishing
	Key       string

	ID          string // ce_id
	Type        string // ce_type
	Source      string // ce_source
	Subject     string // ce_subject
	Correlation string // ce_correlationid
	Causation   string // ce_causationid
	Via         string // ce_via
	TraceParent string // traceparent
	DataSchema  string // ce_dataschema
	Time        time.Time
	Sequence    int64 // ce_sequence, at least 1

	// Data is a JSON object. Fetched data lies in the buffer of the whole fetch: copy it to keep it.
	Data []byte

	// Malformed is set on a fetched record whose envelope cannot be read. Key, Offset, Data and all other readable fields
	// are still set; Sequence is 0 when it could not be read. Data is only checked to have an object's braces.
	Malformed error
}

const (
	specVersion = "1.0"
	contentType = "application/json"
)

// check returns the reason why a record cannot be published. Fetched records are held to the same rules.
func (r *Record) check() error {
	switch {
	case r.ID == "":
		return fmt.Errorf("%w: ce_id is missing", ErrInvalid)
	case r.Type == "":
		return fmt.Errorf("%w: ce_type is missing", ErrInvalid)
	case r.Source == "":
		return fmt.Errorf("%w: ce_source is missing", ErrInvalid)
	case r.Time.IsZero():
		return fmt.Errorf("%w: ce_time is missing", ErrInvalid)
	case r.Sequence < 1:
		return fmt.Errorf("%w: ce_sequence is %d, it starts at 1", ErrInvalid, r.Sequence)
	case !object(r.Data):
		return fmt.Errorf("%w: the data is not a JSON object", ErrInvalid)
	}
	if size := EncodedSize(*r); size > MaxRecordBytes {
		return fmt.Errorf("%w: %d bytes of at most %d", ErrTooLarge, size, MaxRecordBytes)
	}
	return nil
}

func object(data []byte) bool {
	data = bytes.Trim(data, " \t\r\n")
	return len(data) >= 2 && data[0] == '{' && data[len(data)-1] == '}'
}

// PartitionOf returns the partition that Kafka's default partitioner assigns to a key (murmur2), so that producers in
// other languages agree.
func PartitionOf(key string, partitions int) int {
	return int(murmur2(key)&0x7fffffff) % partitions
}

// murmur2 is 32-bit MurmurHash2 with Kafka's seed: org.apache.kafka.common.utils.Utils.murmur2.
func murmur2(s string) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(s))
	for ; len(s) >= 4; s = s[4:] {
		k := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
		k *= m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	switch len(s) {
	case 3:
		h ^= uint32(s[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(s[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(s[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
