package archive

import (
	"encoding/binary"
	"errors"
	"time"

	"orderflow.example/shared/kafka"
)

// appendRecord encodes all fields of a record except topic, partition and offset, which follow from its number and segment.
func appendRecord(b []byte, r *kafka.Record) []byte {
	malformed := ""
	if r.Malformed != nil {
		malformed = r.Malformed.Error()
	}
	b = binary.AppendUvarint(b, uint64(r.Sequence))
	b = binary.AppendVarint(b, r.Time.Unix())
	b = binary.AppendUvarint(b, uint64(r.Time.Nanosecond()))
	for _, s := range [...]string{r.Key, r.ID, r.Subject, r.Correlation, r.Causation, r.TraceParent,
		r.Type, r.Source, r.Via, r.DataSchema, malformed} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Data)))
	return append(b, r.Data...)
}

func decodeRecords(b []byte, topic string, partition int) (list []kafka.Record, err error) {
	d := decoder{b: b, recurring: map[string]string{}}
	for len(d.b) > 0 {
		r := kafka.Record{Topic: topic, Partition: partition, Sequence: int64(d.uvarint())}
		r.Offset = r.Sequence - 1
		seconds, nanoseconds := d.varint(), d.uvarint()
		if r.Time = time.Unix(seconds, int64(nanoseconds)).UTC(); r.Time.Unix() != seconds {
			d.bad = true
		}
		r.Key = string(d.bytes())
		for _, s := range [...]*string{&r.ID, &r.Subject, &r.Correlation, &r.Causation, &r.TraceParent} {
			if b := d.bytes(); string(b) == r.Key { // subject and correlation often equal the key
				*s = r.Key
			} else {
				*s = string(b)
			}
		}
		for _, s := range [...]*string{&r.Type, &r.Source, &r.Via, &r.DataSchema} {
			*s = d.intern(d.bytes())
		}
		if malformed := d.bytes(); len(malformed) > 0 {
			r.Malformed = errors.New(string(malformed))
		}
		if r.Data = d.bytes(); d.bad {
			return nil, damaged("a record makes no sense")
		}
		list = append(list, r)
	}
	return list, nil
}

type decoder struct {
	b         []byte
	bad       bool
	recurring map[string]string
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) intern(b []byte) string {
	if s, known := d.recurring[string(b)]; known {
		return s
	}
	s := string(b)
	d.recurring[s] = s
	return s
}
