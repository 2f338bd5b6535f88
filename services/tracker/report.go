package tracker

import (
	"time"
)

// Report is what a process of a service publishes about once a second on the partitions it owns.
type Report struct {
	Service    string
	Process    string
	At         time.Time
	Every      time.Duration // until the next one
	Leaving    bool          // no report follows, and it owns nothing any more
	Partitions []Progress
}

// Progress is how far a service is in one partition of all topics.
type Progress struct {
	Partition    int
	Epoch        int64            // of the ownership: the highest counts
	Applied      map[string]int64 // by topic: the number of the last record processed
	Committed    int64            // the last number given to an own event
	NextDeadline time.Time        // the soonest; zero: there is none
	Stopped      *Stopped         // nil: it works
	Parked       []Parked         // perhaps not all
	ParkedCount  int
	Retries      []Retry
	Moved        []Move
}

// Stopped is a partition that its owner cannot work on for now, because something of the installation is at fault.
type Stopped struct {
	Since  time.Time
	Reason string
}

// Parked is an input that a service could not process, or that waits behind one.
type Parked struct {
	Key      string
	Form     string // event, answer, deadline or call
	Type     string
	ID       string // of the event: the one consumed, the one that asked, the one the deadline runs from
	Reason   string // empty: it waits behind an earlier one
	ParkedAt time.Time
}

// Retry is a question that was asked and not answered yet.
type Retry struct {
	ID    string // of the event that asks
	Tries int
	Error string // of the last one
	Since time.Time
}

// Move is a deadline that an operator moved or took off.
type Move struct {
	ID    string // of the event it runs from
	Key   string
	Since string     // its type
	DueAt *time.Time // nil: taken off
	By    string
	At    time.Time
}

// Asked notes an operator's request to a service to change a deadline.
func (x *Index) Asked(m Move) {
	if last, known := x.asked[IDOf(m.ID)]; !known || last.At.Before(m.At) {
		x.asked[IDOf(m.ID)] = m
	}
}

// Reported is when any process of a service reported last, by the service's own clock.
func (x *Index) Reported(service string) (last time.Time) {
	for _, r := range x.reported[x.service(service)] {
		if r.at.After(last) {
			last = r.at
		}
	}
	return last
}

// stand is a partition of a service.
type stand struct{ service, partition int }

// held names a parked input.
type held struct {
	service int
	form    string
	id      ID
}

// heartbeat is when a process last reported.
type heartbeat struct {
	at, silent time.Time // silent: from when on it has missed reports
	leaving    bool
}

func (b heartbeat) alive(now time.Time) bool { return !b.leaving && now.Before(b.silent) }

// progress is the last report on a partition of a service.
type progress struct {
	Progress
	heartbeat
	process string
	commits []commit     // committed and not on the topic yet, as far as reported
	tries   map[ID]Retry // by event that asks
	held    []held
}

// commit is a number given to an event, and when it was first reported.
type commit struct {
	sequence int64
	at       time.Time
}

// forgotten is how long processes that are gone are remembered.
const forgotten = time.Hour

// missed is how many reports may be missed before a process counts as silent.
const missed = 3

// Report applies a report. For a partition of a service the highest epoch counts, and then the latest report. If the owner is
// silent any other counts: epochs begin anew with a new database.
func (x *Index) Report(s Report) {
	service := x.service(s.Service)
	told := heartbeat{at: s.At, silent: s.At.Add(missed * max(s.Every, time.Second)), leaving: s.Leaving}
	if x.reported[service] == nil {
		x.reported[service] = map[string]heartbeat{}
	}
	if last := x.reported[service][s.Process]; !told.at.Before(last.at) {
		x.reported[service][s.Process] = told
	}
	for process, r := range x.reported[service] {
		if s.At.Sub(r.at) > forgotten {
			delete(x.reported[service], process)
		}
	}
	for _, p := range s.Partitions {
		at := stand{service, p.Partition}
		last := x.stands[at]
		if last != nil && (p.Epoch < last.Epoch && last.alive(s.At) || p.Epoch == last.Epoch && s.At.Before(last.at)) {
			continue
		}
		now := &progress{Progress: p, heartbeat: told, process: s.Process, tries: map[ID]Retry{}}
		if last != nil {
			now.commits = last.commits
			for _, h := range last.held {
				delete(x.parked, h)
				if x.parkedOf[h.id]--; x.parkedOf[h.id] <= 0 {
					delete(x.parkedOf, h.id)
				}
			}
		}
		for _, t := range p.Retries {
			now.tries[IDOf(t.ID)] = t
		}
		for _, m := range p.Moved {
			x.moved[IDOf(m.ID)] = m
		}
		for _, one := range p.Parked {
			h := held{service, one.Form, IDOf(one.ID)}
			if _, twice := x.parked[h]; !twice {
				x.parkedOf[h.id]++
				now.held = append(now.held, h)
			}
			x.parked[h] = one
		}
		x.commit(service, now)
		x.stands[at] = now
	}
}

// commit notes a number given to an event, and forgets those that have reached the topic.
func (x *Index) commit(service int, s *progress) {
	last := x.places[x.place(x.names[service]+".events", s.Partition)].last
	kept := s.commits[:0:0]
	for _, c := range s.commits {
		if c.sequence > last {
			kept = append(kept, c)
		}
	}
	if n := len(kept); s.Committed > last && (n == 0 || kept[n-1].sequence < s.Committed) {
		kept = append(kept, commit{s.Committed, s.at})
	}
	s.commits = kept
}

// unpublished is how many events of a service's partition are committed and not on its topic, and since when that is
// known.
func (x *Index) unpublished(service, partition int) (n int64, since time.Time) {
	s := x.stands[stand{service, partition}]
	if s == nil || len(s.commits) == 0 {
		return 0, since
	}
	last := x.places[x.place(x.names[service]+".events", partition)].last
	for _, c := range s.commits {
		if c.sequence > last {
			if n == 0 {
				since = c.at
			}
			n = c.sequence - last
		}
	}
	return n, since
}

// reached is the number up to which a service has processed a topic partition.
func (x *Index) reached(service int, p *place) int64 {
	n := p.takenIn(service)
	if s := x.stands[stand{service, p.partition}]; s != nil {
		n = max(n, s.Applied[p.topic])
	}
	return n
}

// silence is how long a partition of a service has had no owner, as far as reported; 0 if it has one, negative if it never
// had one.
func (x *Index) silence(service, partition int, now time.Time) time.Duration {
	s := x.stands[stand{service, partition}]
	if s == nil {
		return -1
	}
	owner, known := x.reported[service][s.process]
	switch {
	case known && owner.leaving:
		return max(now.Sub(owner.at), time.Millisecond)
	case s.alive(now):
		return 0
	}
	return now.Sub(s.at)
}

// running tells whether any process of a service reports.
func (x *Index) running(service int, now time.Time) bool {
	for _, r := range x.reported[service] {
		if r.alive(now) {
			return true
		}
	}
	return false
}
