package engine

import (
	"slices"
	"sync"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// form is what kind of input the queue holds.
type form int

const (
	event    form = iota // a record of a topic that is heard
	command              // what a caller submits
	answer               // what the outside world answered
	refusal              // the outside world refused the question itself, for good
	deadline             // a deadline fell due
	asking               // a parked question is to be asked again
	redrive              // release what is parked for a key
	flush                // commit what was only read
)

// input is one thing to process.
type input struct {
	form   form
	record *kafka.Record // event
	heard  bool          // event: a machine takes it
	event  saga.Event    // command; answer, refusal, asking: what asks; deadline: since when; redrive: its key
	answer any           // answer
	raw    []byte        // payload of what this build cannot read, to be parked
	try    int           // answer: the number of the try that was
	number int64         // of the parked row this came from, 0 if none
	reason string        // why it is to be parked
	reply  chan result   // command
	faults int           // how often a store could not convert what it needs

	answered bool // event: it was heard by a database that was lost, and what followed was said
}

type result struct {
	outcome Outcome
	err     error
}

// size is about what the input keeps in memory, in bytes.
func (in *input) size() int {
	const overhead = 512
	if in.record == nil {
		return overhead + len(in.raw)
	}
	return overhead + len(in.record.Data)
}

// concerns tells whether the input is to be decided. What nobody hears is only read.
func (in *input) concerns() bool {
	return in.form != flush && (in.form != event || in.heard || in.number != 0 || in.record.Malformed != nil)
}

// queue holds the inputs of one worker. It is bounded by whoever fills it: the fetcher stops at full.
type queue struct {
	mu      sync.Mutex
	inputs  []input
	bytes   int
	due     int             // inputs that concern somebody
	pending map[string]bool // deadlines and redrives that wait: they are found in the tables again and again
	closed  bool
	signal  chan struct{}
}

// The fetcher leaves a partition alone while its queue holds more than this.
const (
	fullRecords = 4000
	fullBytes   = 16 << 20
)

func newQueue() *queue { return &queue{pending: map[string]bool{}, signal: make(chan struct{}, 1)} }

// push appends inputs; on a closed queue commands are refused and the rest is dropped, because the tables and topics have it.
func (q *queue) push(in ...input) {
	if len(in) == 0 {
		return
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		refuse(in, ErrStopped)
		return
	}
	q.count(in, 1)
	if q.inputs == nil {
		q.inputs = in
	} else {
		q.inputs = append(q.inputs, in...)
	}
	q.mu.Unlock()
	q.nudge()
}

// pushOnce appends an input unless one of the same name waits already.
func (q *queue) pushOnce(name string, in input) {
	q.mu.Lock()
	waits := q.pending[name]
	q.pending[name] = true
	q.mu.Unlock()
	if !waits {
		q.push(in)
	}
}

// settled forgets that an input of this name waits.
func (q *queue) settled(name string) {
	q.mu.Lock()
	delete(q.pending, name)
	q.mu.Unlock()
}

// putBack returns a batch that did not happen to the front.
func (q *queue) putBack(batch []input) {
	if len(batch) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(batch, 1)
	q.inputs = append(append(make([]input, 0, len(batch)+len(q.inputs)), batch...), q.inputs...)
	q.nudge()
}

// take removes up to n inputs from the front. A redrive comes alone.
func (q *queue) take(n int) []input {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(len(q.inputs), n)
	for i := range n {
		if q.inputs[i].form == redrive {
			n = max(i, 1)
			break
		}
	}
	batch := q.inputs[:n:n]
	q.count(batch, -1)
	if q.inputs = q.inputs[n:]; len(q.inputs) == 0 {
		q.inputs = nil
	} else {
		q.nudge()
	}
	return batch
}

// refuseCommands refuses the commands of a batch and those that wait, and returns what else the batch has to do.
func (q *queue) refuseCommands(batch []input, err error) []input {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := func(inputs []input) []input {
		kept := make([]input, 0, len(inputs))
		for i := range inputs {
			if inputs[i].form == command {
				refuse(inputs[i:i+1], err)
			} else {
				kept = append(kept, inputs[i])
			}
		}
		return kept
	}
	if slices.ContainsFunc(q.inputs, func(in input) bool { return in.form == command }) {
		q.inputs = left(q.inputs)
		q.bytes, q.due = 0, 0
		q.count(q.inputs, 1)
	}
	return left(batch)
}

// count adds inputs to what the queue holds, or takes them off where sign is -1.
func (q *queue) count(inputs []input, sign int) {
	for i := range inputs {
		q.bytes += sign * inputs[i].size()
		if inputs[i].concerns() {
			q.due += sign
		}
	}
}

func (q *queue) nudge() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// waiting is how many inputs wait that concern somebody.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.due
}

// full tells whether no more records should come for now.
func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.inputs) > fullRecords || q.bytes > fullBytes
}

// close refuses what waits and whatever comes later.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	rest := q.inputs
	q.inputs, q.bytes, q.due = nil, 0, 0
	q.mu.Unlock()
	refuse(rest, ErrStopped)
}

func refuse(batch []input, err error) {
	for _, in := range batch {
		if in.reply != nil {
			in.reply <- result{err: err}
		}
	}
}
