package audit

import (
	"crypto/md5"
	"strconv"

	"orderflow.example/shared/kafka"
)

// digest stands for one event, so that all that was committed and all that is on the topics can be compared without
// holding either. It finds accidents and edits, not forgers.
type digest [md5.Size]byte

const digestSQL = `decode(md5(concat_ws(E'\x1f', id, type, key, coalesce(nullif(saga, ''), key), cause, via,
	(extract(epoch FROM at) * 1000000)::bigint, data::text)), 'hex')`

// digestOf is what digestSQL computes of the row that this record was published from.
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
