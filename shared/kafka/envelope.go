package kafka

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Envelope fields, in the order of decoder.values. Those before ownFields differ from record to record.
const (
	fieldID = iota
	fieldSubject
	fieldCorrelation
	fieldCausation
	fieldTraceParent
	ownFields
	fieldType
	fieldSource
	fieldDataSchema
	fieldVia
	fieldTime
	fieldSequence
	fieldSpec
	fieldContent
	fields
)

func fieldOf(name []byte) (int, bool) {
	switch string(name) {
	case "ce_id":
		return fieldID, true
	case "ce_type":
		return fieldType, true
	case "ce_source":
		return fieldSource, true
	case "ce_time":
		return fieldTime, true
	case "ce_sequence":
		return fieldSequence, true
	case "ce_subject":
		return fieldSubject, true
	case "ce_correlationid":
		return fieldCorrelation, true
	case "ce_causationid":
		return fieldCausation, true
	case "ce_via":
		return fieldVia, true
	case "traceparent":
		return fieldTraceParent, true
	case "ce_dataschema":
		return fieldDataSchema, true
	case "ce_specversion":
		return fieldSpec, true
	case "content-type":
		return fieldContent, true
	}
	return 0, false
}

// maxInterned bounds a decoder's table of recurring strings, in case a producer fills it with unique ones.
const maxInterned = 4096

// decoder holds buffers that are reused from one fetch to the next.
type decoder struct {
	values   [fields][]byte
	interned map[string]string
	scratch  []byte
}

var decoders = sync.Pool{New: func() any { return &decoder{interned: make(map[string]string)} }}

// decodeEnvelope reads the headers into r. It returns false when the record cannot be decoded; a readable record with a
// faulty envelope gets r.Malformed.
func (d *decoder) decodeEnvelope(r *Record, key []byte, headers int, c *cursor) bool {
	v := &d.values
	*v = [fields][]byte{}
	var twice []byte
	for range headers {
		name, value := c.bytes(), c.bytes()
		if c.bad {
			return false
		}
		field, known := fieldOf(name)
		if !known {
			continue
		}
		if v[field] != nil {
			twice = name
		}
		v[field] = value
	}
	d.ownStrings(r, key)
	r.Type, r.Source, r.DataSchema = d.intern(v[fieldType]), d.intern(v[fieldSource]), d.intern(v[fieldDataSchema])
	r.Via = d.intern(v[fieldVia])
	timeErr := r.Time.UnmarshalText(v[fieldTime])
	if timeErr == nil {
		r.Time = r.Time.UTC()
	} else {
		r.Time = time.Time{}
	}
	sequence, sequenceErr := strconv.ParseInt(string(v[fieldSequence]), 10, 64)
	if sequenceErr == nil && sequence > 0 {
		r.Sequence = sequence
	}
	switch {
	case twice != nil:
		r.Malformed = fmt.Errorf("header %s is there twice", twice)
	case string(v[fieldSpec]) != specVersion:
		r.Malformed = fmt.Errorf("header ce_specversion is %.20q, not %q", v[fieldSpec], specVersion)
	case r.ID == "":
		r.Malformed = missing("ce_id")
	case r.Source == "":
		r.Malformed = missing("ce_source")
	case r.Type == "":
		r.Malformed = missing("ce_type")
	case timeErr != nil:
		r.Malformed = fmt.Errorf("header ce_time is %.40q, not an RFC 3339 time", v[fieldTime])
	case r.Sequence == 0:
		r.Malformed = fmt.Errorf("header ce_sequence is %.20q, not a positive number", v[fieldSequence])
	case !jsonContent(v[fieldContent]):
		r.Malformed = fmt.Errorf("header content-type is %.40q, not %s", v[fieldContent], contentType)
	case !object(r.Data):
		r.Malformed = fmt.Errorf("the data is not a JSON object")
	}
	return true
}

func missing(name string) error { return fmt.Errorf("header %s is missing", name) }

func jsonContent(value []byte) bool {
	if string(value) == contentType {
		return true
	}
	media, _, _ := strings.Cut(string(value), ";")
	return strings.EqualFold(strings.TrimSpace(media), contentType)
}

// ownStrings copies the fields that belong to this record alone into one string and slices it: one allocation, and
// keeping one of them does not keep the whole fetch in memory. Subject and correlation are often the key itself.
func (d *decoder) ownStrings(r *Record, key []byte) {
	d.scratch = append(d.scratch[:0], key...)
	for i := range ownFields {
		if value := d.values[i]; !bytes.Equal(value, key) {
			d.scratch = append(d.scratch, value...)
		}
	}
	all := string(d.scratch)
	r.Key, all = all[:len(key)], all[len(key):]
	var own [ownFields]string
	for i := range own {
		value := d.values[i]
		if bytes.Equal(value, key) {
			own[i] = r.Key
			continue
		}
		own[i], all = all[:len(value)], all[len(value):]
	}
	r.ID, r.Subject, r.Correlation = own[fieldID], own[fieldSubject], own[fieldCorrelation]
	r.Causation, r.TraceParent = own[fieldCausation], own[fieldTraceParent]
}

func (d *decoder) intern(b []byte) string {
	if s, ok := d.interned[string(b)]; ok {
		return s
	}
	if len(d.interned) >= maxInterned {
		clear(d.interned)
	}
	s := string(b)
	d.interned[s] = s
	return s
}
