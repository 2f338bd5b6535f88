package tracker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of obligations.
const (
	KindReaction    = "reaction"    // to process an event that is on the topic
	KindCall        = "call"        // to emit what follows from the answer of the outside world
	KindDeadline    = "deadline"    // to act when time is up
	KindPublication = "publication" // to publish committed events
	KindDecision    = "decision"    // a person is to decide, before the service does when time is up
)

// Kinds lists all of them.
var Kinds = []string{KindReaction, KindCall, KindDeadline, KindPublication, KindDecision}

// onItsWay is how long an event may take from its commit to its topic and from there to here.
const onItsWay = time.Second

// Obligation is what a service owes a saga.
type Obligation struct {
	Service string    `json:"service"`
	Order   string    `json:"order"`
	Kind    string    `json:"kind"`
	Event   string    `json:"event"` // the id of the event from which it follows
	On      string    `json:"on"`    // its type
	What    string    `json:"what"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Overdue bool      `json:"overdue"`
	Cause   string    `json:"cause,omitempty"` // empty if it is not overdue
	Detail  string    `json:"detail,omitempty"`

	moved *Move
}

// owed lists all obligations to a saga, by when they are due.
func (x *Index) owed(s *story, now time.Time) (owed []Obligation) {
	for i := range s.entries {
		e := &s.entries[i]
		k := x.kinds[e.kind]
		for _, h := range k.hears {
			if o, due := x.reaction(s, e, h, now); due {
				owed = append(owed, o)
			}
		}
		if k.call != nil && len(k.call.Emits) > 0 && !x.isAnswered(s, e) && !x.isQuiet(e, now) {
			owed = append(owed, x.call(s, e, now))
		}
		if k.deadline != nil {
			o, runs := x.deadline(s, e, now)
			if runs && !o.Until.IsZero() {
				owed = append(owed, o)
			}
			if runs && k.decides != nil {
				owed = append(owed, x.decision(s, e, o, now))
			}
		}
	}
	slices.SortFunc(owed, func(a, b Obligation) int {
		return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Event, b.Event))
	})
	return owed
}

// reaction is owed until the service has processed the event and the events that follow are on its topic.
func (x *Index) reaction(s *story, e *entry, h hearer, now time.Time) (o Obligation, due bool) {
	p := x.places[e.place]
	reached := x.reached(h.service, p)
	parked := x.isParked(h.service, p.partition, "event", s.key(e), e)
	o = x.obligation(s, e, h.service, KindReaction, "take in "+x.kinds[e.kind].name, time.Unix(0, e.at).Add(Grace), now)
	switch {
	case reached < e.sequence || parked != nil:
	case h.emits && x.isUnpublished(s, e, h.service, now):
		_, since := x.unpublished(h.service, p.partition)
		o.Kind, o.What = KindPublication, "publish what follows from "+x.kinds[e.kind].name
		o.Since, o.Until = since, since.Add(Grace)
		o.Overdue = now.After(o.Until)
	default:
		return o, false
	}
	if o.Overdue {
		v := x.evidence(o, h.service, p.partition, parked, now)
		v.topic, v.events, v.age = fmt.Sprintf("%s/%d", p.topic, p.partition), p.last-reached, now.Sub(time.Unix(0, e.at))
		if n := p.hole(reached, e.sequence); n != 0 {
			v.missing = fmt.Sprintf("number %d of %s", n, v.topic)
		}
		o.Cause, o.Detail = why(v)
	}
	return o, true
}

// isUnpublished tells whether an event that follows from one the service has processed may be committed and not on its topic.
// It is false within onItsWay of the commit.
func (x *Index) isUnpublished(s *story, e *entry, service int, now time.Time) bool {
	n, since := x.unpublished(service, x.places[e.place].partition)
	if n == 0 || now.Sub(since) < onItsWay {
		return false
	}
	return !slices.ContainsFunc(s.entries, func(other entry) bool {
		return other.cause == e.id && x.places[other.place].service == service
	})
}

// call is owed until an event follows from the answer.
func (x *Index) call(s *story, e *entry, now time.Time) Obligation {
	k, p := x.kinds[e.kind], x.places[e.place]
	until := time.Unix(0, e.at).Add(k.call.Due)
	if k.call.Due == 0 && k.deadline != nil {
		until = s.due(e, k)
	}
	o := x.obligation(s, e, p.service, KindCall, "tell what "+k.call.Ask+" answered", until, now)
	if o.Overdue {
		parked := x.isParked(p.service, p.partition, "answer", s.key(e), e)
		if parked == nil {
			parked = x.isParked(p.service, p.partition, "call", s.key(e), e)
		}
		v := x.evidence(o, p.service, p.partition, parked, now)
		v.question, v.try = k.call.Ask, x.try(p.service, p.partition, e.id)
		o.Cause, o.Detail = why(v)
	}
	return o
}

// try is the progress of a question by the event that asks; nil if it was asked only once.
func (x *Index) try(service, partition int, id ID) *Retry {
	if at := x.stands[stand{service, partition}]; at != nil {
		if t, trying := at.tries[id]; trying {
			return &t
		}
	}
	return nil
}

// isAnswered tells whether an event followed from the answer to the event's question, or from its deadline, or a later event
// dropped the question. Old records do not carry how their cause led to them: they count as answers if the service has no
// other reaction to the event.
func (x *Index) isAnswered(s *story, e *entry) bool {
	k := x.kinds[e.kind]
	return slices.ContainsFunc(s.entries, func(other entry) bool {
		return e.isBefore(&other) && k.dropped[int(other.kind)] ||
			other.cause == e.id && x.places[other.place].service == k.service && (other.via != heard || !k.reacts)
	})
}

// askedAgain is how soon, at the latest, an unanswered question is retried. From then on its service lists it.
const askedAgain = time.Minute

// listed is how many questions, and how many moved deadlines, a service lists at most.
const listed = 100

// isQuiet tells whether a question was answered and no event followed: its service no longer lists it.
func (x *Index) isQuiet(e *entry, now time.Time) bool {
	p := x.places[e.place]
	at := x.stands[stand{p.service, p.partition}]
	again := time.Unix(0, e.at).Add(askedAgain)
	return at != nil && now.After(again) && at.at.After(again) && at.Committed >= e.sequence &&
		len(at.tries) < listed && x.try(p.service, p.partition, e.id) == nil &&
		x.isParked(p.service, p.partition, "answer", "", e) == nil
}

// deadline is owed from the event on until it is settled, replaced, taken off or carried out. One that is taken off runs
// on without being owed: it can be moved back.
func (x *Index) deadline(s *story, e *entry, now time.Time) (o Obligation, runs bool) {
	k, p := x.kinds[e.kind], x.places[e.place]
	if x.isSettled(s, e) {
		return o, false
	}
	var says []string
	for _, emitted := range k.deadline.Emits {
		says = append(says, emitted.Name())
	}
	o = x.obligation(s, e, p.service, KindDeadline, "act when time is up: "+strings.Join(says, ", "), s.due(e, k), now)
	if m, moved := x.moved[e.id]; moved {
		o.moved = &m
		if m.DueAt == nil {
			o.Until, o.Overdue = time.Time{}, false
			return o, true
		}
		o.Until = m.DueAt.UTC()
	}
	parked := x.isParked(p.service, p.partition, "deadline", s.key(e), e)
	if parked == nil && x.isMovedAway(e) {
		return o, false
	}
	if parked == nil && x.hasPassed(o.Until, x.stands[stand{p.service, p.partition}], e) {
		return o, false
	}
	if o.Overdue = now.After(o.Until.Add(Grace)); o.Overdue {
		o.Cause, o.Detail = why(x.evidence(o, p.service, p.partition, parked, now))
	}
	return o, true
}

// isBefore tells whether the other event was emitted later, by the same service about the same key.
func (e *entry) isBefore(other *entry) bool {
	return other.place == e.place && other.key == e.key && other.sequence > e.sequence
}

// isSettled tells whether a later event settled or replaced the deadline that runs from this one, or followed from it.
func (x *Index) isSettled(s *story, e *entry) bool {
	k, service := x.kinds[e.kind], x.places[e.place].service
	return slices.ContainsFunc(s.entries, func(other entry) bool {
		if x.places[other.place].service != service {
			return false
		}
		return e.isBefore(&other) && (other.kind == e.kind || k.settled[int(other.kind)]) || other.cause == e.id &&
			x.hasExpired(&other, k)
	})
}

// hasPassed tells whether a deadline fired and no event followed: its service, which had committed the event it runs from,
// reported after it was due that the next one is due later. It found nothing left to do.
func (x *Index) hasPassed(until time.Time, at *progress, e *entry) bool {
	return at != nil && at.Committed >= e.sequence && at.at.After(until) &&
		(at.NextDeadline.IsZero() || at.NextDeadline.After(until))
}

// carriedOut is how long a running service may take to make a requested change to a deadline.
const carriedOut = 3 * time.Second

// isMovedAway tells whether a deadline that an operator moved is gone: its service lists open moved deadlines, and does not
// list this one. It fired and no event followed, or it was settled before the change.
func (x *Index) isMovedAway(e *entry) bool {
	p := x.places[e.place]
	m, asked := x.asked[e.id]
	at := x.stands[stand{p.service, p.partition}]
	return asked && at != nil && at.Committed >= e.sequence && at.at.After(m.At.Add(carriedOut)) && len(at.Moved) < listed &&
		!slices.ContainsFunc(at.Moved, func(open Move) bool { return IDOf(open.ID) == e.id })
}

// hasExpired tells whether an event that follows from one with a deadline was caused by the deadline.
func (x *Index) hasExpired(e *entry, since *kind) bool {
	if e.via != heard || since.reacts {
		return e.via == expired
	}
	name := x.kinds[e.kind].name
	return emits(since.deadline, name) && (since.call == nil || !emits(since.call, name))
}

func (x *Index) isParked(service, partition int, form, key string, e *entry) *Parked {
	if len(x.parked) == 0 {
		return nil
	}
	if p, parked := x.parked[held{service, form, e.id}]; parked {
		return &p
	}
	at := x.stands[stand{service, partition}]
	if at == nil || at.ParkedCount <= len(at.Parked) {
		return nil
	}
	for _, p := range at.Parked { // the list may be truncated: later events of a parked key wait behind it
		if p.Key == key && form == "event" && !time.Unix(0, e.at).Before(p.ParkedAt) {
			return &Parked{Key: key, Form: form, ParkedAt: p.ParkedAt}
		}
	}
	return nil
}

func (x *Index) obligation(s *story, e *entry, service int, kind, what string, until, now time.Time) Obligation {
	return Obligation{Service: x.names[service], Order: s.text(), Kind: kind, Event: e.id.String(),
		On: x.kinds[e.kind].name, What: what, Since: time.Unix(0, e.at).UTC(), Until: until.UTC(), Overdue: now.After(until)}
}

func (x *Index) evidence(o Obligation, service, partition int, parked *Parked, now time.Time) evidence {
	v := evidence{kind: o.Kind, parked: parked, service: o.Service, partition: partition,
		silence: x.silence(service, partition, now), running: x.running(service, now)}
	if at := x.stands[stand{service, partition}]; at != nil {
		v.stopped = at.Stopped
	}
	if n, since := x.unpublished(service, partition); n > 0 && now.Sub(since) >= onItsWay {
		v.unpublished, v.since = n, now.Sub(since)
	}
	return v
}
