package engine

import (
	"slices"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// form is a kind of input.
type form int

const (
	event    form = iota // a record of a consumed topic
	command              // what a caller submits
	answer               // of an outside party to a call
	refusal              // a call was rejected for good
	deadline             // a deadline fell due
	asking               // a parked call is to be made again
	redrive              // process the parked inputs of a key
	flush                // commit positions of records that no machine takes
)

// input is something for a worker to process.
type input struct {
	form   form
	record *kafka.Record // event
	heard  bool          // event: a machine takes it
	event  saga.Event    // command; answer, refusal, asking, deadline: the own event they follow from; redrive: its key
	answer any           // answer
	raw    []byte        // payload that this build cannot read, to be parked
	try    int           // answer: the number of its try
	number int64         // of the parked row this came from, 0 if none
	reason string        // why it is to be parked
	reply  chan result   // command
	faults int           // how often a store could not convert its state

	traced  bool               // its saga is recorded
	span    trace.SpanID       // of its step; zero unless traced
	from    trace.SpanID       // answer: of the try that got it
	request *trace.SpanContext // command: of what submitted it; nil where nothing is recorded

	answered bool // event: a database that was lost heard it, and the events that follow from it are on the topic
}

type result struct {
	outcome Outcome
	err     error
}

// size estimates the memory of the input, in bytes.
func (in *input) size() int {
	const overhead = 512
	if in.record == nil {
		return overhead + len(in.raw)
	}
	return overhead + len(in.record.Data)
}

// concerns tells whether the input is to be decided. Of a record that no machine takes only the position counts.
func (in *input) concerns() bool {
	return in.form != flush && (in.form != event || in.heard || in.number != 0 || in.record.Malformed != nil)
}

// queue holds the inputs of one worker. The fetcher bounds it: it stops at full.
type queue struct {
	mu      sync.Mutex
	inputs  []input
	bytes   int
	due     int             // inputs to decide
	pending map[string]bool // queued deadlines and redrives, which each look at the tables finds again
	closed  bool
	signal  chan struct{}
}

// The fetcher leaves a partition alone while its queue holds more than this.
const (
	fullRecords = 4000
	fullBytes   = 16 << 20
)

func newQueue() *queue { return &queue{pending: map[string]bool{}, signal: make(chan struct{}, 1)} }

// push appends inputs. A closed queue refuses commands and drops the rest, which is in the tables and topics.
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

// pushOnce appends an input unless one of the same name is queued.
func (q *queue) pushOnce(name string, in input) {
	q.mu.Lock()
	waits := q.pending[name]
	q.pending[name] = true
	q.mu.Unlock()
	if !waits {
		q.push(in)
	}
}

// settled notes that no input of this name is queued any more.
func (q *queue) settled(name string) {
	q.mu.Lock()
	delete(q.pending, name)
	q.mu.Unlock()
}

// putBack returns a batch that was not committed to the front.
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

// refuseCommands refuses the commands of a batch and of the queue, and returns the batch's other inputs.
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

// count adds inputs to the counters, or subtracts them if sign is -1.
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

// waiting is how many inputs to decide are queued.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.due
}

// full tells the fetcher to pause.
func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.inputs) > fullRecords || q.bytes > fullBytes
}

// close refuses queued and later inputs.
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
