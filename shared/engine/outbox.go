package engine

import (
	"time"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/tracing"
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
		Via: ev.Via, TraceParent: tracing.Parent(ev.Saga, ev.ID, e.recorded(ev)),
		DataSchema: "https://orderflow.example/schemas/" + ev.Type + ".json",
		Time:       ev.Time, Data: o.data,
	}
}
