package notification

import (
	"slices"
	"time"

	event "orderflow.example/schemas/notification"
	"orderflow.example/shared/saga"
)

// Mailbox is a customer's messages by one channel.
type Mailbox struct {
	Key     string              // the channel and the customer: mail:10001
	Sending *event.RequestedV1  // nil: nothing is
	Waiting []event.RequestedV1 // in order
	Stopped string              // the address that refused for good
	Recent  []string            // ids of messages that were requested, the last ones
}

// recent is how many ids a mailbox keeps. A message comes again only where a service restores its state from topics.
const recent = 20

// BlankMailbox is a mailbox without events.
func BlankMailbox(key string) Mailbox { return Mailbox{Key: key} }

// Delivery is what a provider answered.
type Delivery struct {
	Message string // its id
	Outcome string // DeliverySent, or why it was not, which is a reason of failed
}

// The outcomes of a delivery. Everything else is asked again.
const (
	DeliverySent   = "sent"
	AddressRefused = "address_refused" // for good: the channel stops
	MessageRefused = "message_refused"
	OutcomeUnknown = "outcome_unknown" // whether the provider took it was lost: it is not sent twice
	Unreachable    = "unreachable"     // for too long
	refusedBefore  = "refused_before"  // the address refused an earlier message for good
	abandoned      = "abandoned"       // it never ended: an operator discarded it
)

// EvolveMailbox folds the service's own events about the mailbox.
func EvolveMailbox(b Mailbox, e saga.Event) Mailbox {
	switch d := e.Data.(type) {
	case event.QueuedV1:
		b.Waiting = append(slices.Clip(b.Waiting), d.Requested)
		b.Recent = remembered(b.Recent, d.Requested.Message.ID)
	case event.AttemptedV1:
		b.Sending = &d.Requested
		b.Waiting = without(b.Waiting, d.Requested.Message.ID)
		b.Recent = remembered(b.Recent, d.Requested.Message.ID)
	case event.SentV1:
		b.Sending = nil
	case event.FailedV1:
		if b.Sending != nil && b.Sending.Message.ID == d.MessageID {
			if d.Stops {
				b.Stopped = b.Sending.To
			}
			b.Sending = nil
		}
		b.Waiting = without(b.Waiting, d.MessageID)
		b.Recent = remembered(b.Recent, d.MessageID)
	}
	return b
}

func without(waiting []event.RequestedV1, id string) []event.RequestedV1 {
	left := slices.DeleteFunc(slices.Clone(waiting), func(r event.RequestedV1) bool { return r.Message.ID == id })
	if len(left) == 0 {
		return nil
	}
	return left
}

func remembered(ids []string, id string) []string {
	if slices.Contains(ids, id) {
		return ids
	}
	ids = append(slices.Clip(ids), id)
	return ids[max(0, len(ids)-recent):]
}

// deliver has a message sent, or lets it wait for the one under way, unless that should have ended long ago. An address that
// refused for good gets nothing more.
func deliver(b Mailbox, e saga.Event, r event.RequestedV1) []saga.Event {
	switch {
	case slices.Contains(b.Recent, r.Message.ID):
		return nil
	case b.Stopped == r.To:
		return []saga.Event{failure(r, refusedBefore)}
	case b.Sending != nil && e.Time.Sub(since(b.Sending.Message)) > overdueAfter:
		queued := event.Queued.Of(event.QueuedV1{Requested: r})
		return append([]saga.Event{queued}, EvolveMailbox(b, queued).next(failure(*b.Sending, abandoned))...)
	case b.Sending != nil:
		return []saga.Event{event.Queued.Of(event.QueuedV1{Requested: r})}
	}
	return []saga.Event{event.Attempted.Of(event.AttemptedV1{Requested: r})}
}

// since is when that happened which a message tells of.
func since(m event.Message) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, m.HappenedAt) // written by tells
	return at
}

func failure(r event.RequestedV1, reason string) saga.Event {
	return event.Failed.Of(event.FailedV1{MessageID: r.Message.ID, Channel: r.Channel, OrderID: r.Message.OrderID,
		Kind: r.Message.Kind, Reason: reason, Stops: reason == AddressRefused})
}

// answered notes what became of the message under way, and has the next one sent.
func (b Mailbox) answered(d Delivery) []saga.Event {
	if b.Sending == nil || d.Message != "" && d.Message != b.Sending.Message.ID { // one that was given up
		return nil
	}
	r := *b.Sending
	if d.Outcome == DeliverySent {
		return b.next(event.Sent.Of(event.SentV1{MessageID: r.Message.ID, Channel: r.Channel, OrderID: r.Message.OrderID,
			Kind: r.Message.Kind}))
	}
	return b.next(failure(r, d.Outcome))
}

// next is the end of a message, and the beginning of the one that waits. Those to an address that has stopped end as well.
func (b Mailbox) next(end saga.Event) []saga.Event {
	events := []saga.Event{end}
	for b = EvolveMailbox(b, end); len(b.Waiting) > 0; b = EvolveMailbox(b, events[len(events)-1]) {
		r := b.Waiting[0]
		if b.Stopped != r.To {
			return append(events, event.Attempted.Of(event.AttemptedV1{Requested: r}))
		}
		events = append(events, failure(r, refusedBefore))
	}
	return events
}
