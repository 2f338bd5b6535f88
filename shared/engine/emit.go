package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// encode makes the record of an event, without its number.
func (b *batch) encode(e saga.Event) (outgoing, error) {
	if len(e.Key) > longestKey {
		return outgoing{}, fmt.Errorf("%s: %w", e.Type, tooLong(e.Key))
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return outgoing{}, fmt.Errorf("%s: payload: %w", e.Type, err)
	}
	if b.e.ValidateProduced {
		if err := b.e.kind(e.Type).Check(data); err != nil {
			return outgoing{}, err
		}
	}
	o := outgoing{event: e, partition: kafka.PartitionOf(e.Key, b.e.Partitions), data: data}
	o.record = b.e.record(o)
	if size := kafka.EncodedSize(o.record); size > kafka.MaxRecordBytes {
		return outgoing{}, fmt.Errorf("%s: %d bytes are more than the %d a record may have", e.Type, size, kafka.MaxRecordBytes)
	}
	return o, nil
}

// consequences collects the calls and deadlines of a step about a key.
func (b *batch) consequences(key string, step saga.Step, out []outgoing) {
	data := func(id string) []byte {
		for _, o := range out {
			if o.event.ID == id {
				return o.data
			}
		}
		return nil
	}
	for _, asked := range step.Dropped {
		b.drop(key, asked)
	}
	for _, since := range step.Settled {
		b.deadline[about{key, since}] = nil
	}
	for _, e := range step.Asks {
		b.asks = append(b.asks, row{event: e, data: data(e.ID)})
	}
	for _, e := range step.Armed {
		b.deadline[about{e.Key, e.Type}] = &row{event: e, data: data(e.ID)}
	}
}

// drop gives up the call that an event of this type started for the key, if one is open.
func (b *batch) drop(key, asked string) {
	q := about{key, asked}
	if !slices.Contains(b.drops, q) {
		b.drops = append(b.drops, q)
	}
	b.asks = slices.DeleteFunc(b.asks, func(r row) bool { return r.event.Key == key && r.event.Type == asked })
}

// latestOnly keeps the last event of each key, for types whose events carry the whole state of their key.
func (b *batch) latestOnly() {
	seen := map[about]bool{}
	kept := len(b.out)
	for i := len(b.out) - 1; i >= 0; i-- {
		if e := b.out[i].event; b.e.kind(e.Type).Latest() {
			if k := (about{e.Key, e.Type}); seen[k] {
				continue
			} else {
				seen[k] = true
			}
		}
		kept--
		b.out[kept] = b.out[i]
	}
	b.out = b.out[kept:]
}
