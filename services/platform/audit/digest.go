package audit

import (
	"crypto/md5"
	"strconv"

	"orderflow.example/shared/kafka"
)

// digest is a hash of one event, so that outbox and topic can be compared without keeping the events. It detects accidents and
// edits, not forgeries.
type digest [md5.Size]byte

const digestSQL = `decode(md5(concat_ws(E'\x1f', id, type, key, coalesce(nullif(saga, ''), key), cause, via,
	(extract(epoch FROM at) * 1000000)::bigint, data::text)), 'hex')`

// digestOf is the digest that digestSQL computes for the row of this record.
func digestOf(r *kafka.Record) digest {
	const separator = 0x1f
	b := make([]byte, 0, 512)
	for _, part := range []string{r.ID, r.Type, r.Key, sagaOf(r), r.Causation, r.Via, strconv.FormatInt(r.Time.UnixMicro(), 10)} {
		b = append(append(b, part...), separator)
	}
	return md5.Sum(append(b, r.Data...))
}

func sagaOf(r *kafka.Record) string {
	if r.Correlation != "" {
		return r.Correlation
	}
	return r.Key
}
