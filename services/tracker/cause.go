package tracker

import (
	"fmt"
	"time"
)

// The causes for which an obligation is overdue, or a saga stuck.
const (
	CauseParked        = "parked"           // the service could not process it: an operator must redrive or discard it
	CauseConsumer      = "consumer_behind"  // the service has not reached it, or does not run
	CauseOutside       = "outside_party"    // the service runs, and the outside party does not answer
	CausePublisher     = "publisher_behind" // the service has committed events that are not on its topic yet
	CauseNeverProduced = "never_produced"   // the event it waits for is not on the topic, and no service owes it
)

// Causes lists all of them.
var Causes = []string{CauseParked, CauseConsumer, CauseOutside, CausePublisher, CauseNeverProduced}

// evidence is what is known about the service that owes something.
type evidence struct {
	kind    string
	parked  *Parked
	missing string // the record without which it cannot go on: "number 17 of order.events/2"

	service   string
	partition int
	topic     string        // reaction: "order.events/2"
	events    int64         // reaction: how many of its events the service has not processed
	age       time.Duration // reaction: the age of the event
	silence   time.Duration // how long the partition has had no owner; 0: it has one; negative: it never had one
	running   bool          // whether any process of the service reports
	stopped   *Stopped      // why the owner cannot go on

	unpublished int64
	since       time.Duration // for how long, of unpublished

	question string
	try      *Retry
}

// why finds the cause, by the first rule that fits: a parked input waits for a person, whatever else is wrong. A number
// missing on a topic stops all its consumers. A service that does not run, or has not reached the event, is behind. A
// committed event that is not on the topic may be the one waited for. Otherwise the outside party has not answered.
func why(e evidence) (cause, detail string) {
	switch {
	case e.parked != nil:
		return CauseParked, parkedDetail(*e.parked)
	case e.kind == KindReaction && e.missing != "":
		return CauseNeverProduced, e.missing + " is missing on the topic; what comes after it waits"
	case e.kind == KindReaction:
		return CauseConsumer, fmt.Sprintf("%s is %d events and %s behind on %s%s", e.service, e.events, seconds(e.age),
			e.topic, e.absence("; "))
	case e.kind == KindPublication || e.unpublished > 0 && e.silence == 0:
		return CausePublisher, fmt.Sprintf("%s has committed %d events that are not on its topic, for %s%s", e.service, e.unpublished,
			seconds(e.since), e.absence("; "))
	case e.silence != 0 || e.stopped != nil:
		return CauseConsumer, e.absence("")
	case e.kind == KindCall && e.try == nil:
		return CauseOutside, "nothing has answered " + e.question
	case e.kind == KindCall:
		return CauseOutside, fmt.Sprintf("%s was asked %d times without an answer; the last time: %s", e.question,
			e.try.Tries, e.try.Error)
	}
	return CauseConsumer, e.service + " has not reached it"
}

func parkedDetail(p Parked) string {
	if p.Reason == "" {
		return "waits behind an earlier event that is parked"
	}
	return p.Reason
}

// absence tells which process does not run, or why it cannot go on.
func (e evidence) absence(before string) string {
	who := fmt.Sprintf("no process has worked on partition %d of %s", e.partition, e.service)
	if !e.running {
		who = "no process of " + e.service + " has reported"
	}
	switch {
	case e.silence == 0 && e.stopped != nil:
		return fmt.Sprintf("%spartition %d of %s stands still since %s: %s", before, e.partition, e.service, e.stopped.Since.UTC().
			Format(time.RFC3339), e.stopped.Reason)
	case e.silence == 0:
		return ""
	case e.silence < 0:
		return before + who + " yet"
	}
	return before + who + " for " + seconds(e.silence)
}

func seconds(d time.Duration) string { return d.Round(time.Second).String() }
