// Package redecide takes a service's recorded decisions again with the rules of this build: it reads the inputs and the service's
// own events from their topics, and reports where this build would have emitted other events. It is the regression test of a new
// build against last week's traffic.
//
// It only reads, and needs no database. A step is all events that one machine emitted because of one input: an event, a deadline,
// an answer from outside, a command. Events and deadlines are decided again, in the state right before the step. Answers and
// commands are on no topic: the first events that they led to are taken as given, and only the machine's reactions to those are
// decided again. The fold always takes the recorded events, so that one difference does not make every later step differ.
//
// For an input without effect no topic records when it was consumed: some time between the steps of the inputs before and after
// it on its topic. It counts as equal if this build emits nothing at one of these moments.
//
// Steps are ordered by the times of their events. The database's clock gives these while the step's rows are locked, so that of
// two steps that need the same row the first has the earlier time; several processes estimate that clock, and may be off by a few
// milliseconds. That matters only where orders share rows, as the levels of goods: a step that agrees in a slightly different
// order is counted apart (Raced), and is no difference.
package redecide
