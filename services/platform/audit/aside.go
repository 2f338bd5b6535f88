package audit

import (
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
)

// leaveAside counts a record that consumers drop: exact repeats are harmless, all others are offences.
func (t *trace) leaveAside(rec *kafka.Record, why eventlog.Why) {
	at := place{rec.Topic, rec.Partition}
	switch {
	case why == eventlog.Strange:
		t.fault(at.String(), "at offset %d stands %s %s of %q with number %d, which is no event of this service",
			rec.Offset, rec.Type, rec.ID, rec.Source, rec.Sequence)
	case why == eventlog.Wrong:
		t.fault(t.facts.name(rec.Key), "%s number %d is %s %s at offset %d; what was committed under this number follows later",
			at, rec.Sequence, rec.Type, rec.ID, rec.Offset)
	case t.chain.is(rec):
		t.repeats++
	default:
		t.fault(t.facts.name(rec.Key), "%s number %d stands there again at offset %d, as %s %s",
			at, rec.Sequence, rec.Offset, rec.Type, rec.ID)
	}
}
