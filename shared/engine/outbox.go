package engine

import (
	"time"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// outboxRow is a committed own event.
type outboxRow struct {
	Sequence            int64
	ID, Type, Key, Saga string
	Cause, Via          string
	At                  time.Time
	Data                []byte
}

func (r outboxRow) outgoing() outgoing {
	return outgoing{data: r.Data, event: saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Saga, Cause: r.Cause, Via: r.Via,
		Time: r.At}}
}

// record is the Kafka record of the event, without its number.
func (e *Engine) record(o outgoing) kafka.Record {
	ev := o.event
	return kafka.Record{
		Key: ev.Key, ID: ev.ID, Type: ev.Type, Source: "/" + e.Service, Subject: ev.Key, Correlation: ev.Saga, Causation: ev.Cause,
		Via: ev.Via, TraceParent: traceParent(ev.Saga, ev.ID), DataSchema: "https://orderflow.example/schemas/" + ev.Type + ".json",
		Time: ev.Time, Data: o.data,
	}
}

// traceParent makes the saga one trace and each event one span of it, from their ids alone, so that a record published
// again is byte for byte the same. Ids that are not UUIDs have no trace.
func traceParent(saga, id string) string {
	trace, span := hexOf(saga), hexOf(id)
	if trace == "" || span == "" {
		return ""
	}
	return "00-" + trace + "-" + span[16:] + "-01"
}

func hexOf(uuid string) string {
	if len(uuid) != 36 {
		return ""
	}
	return uuid[:8] + uuid[9:13] + uuid[14:18] + uuid[19:23] + uuid[24:]
}
