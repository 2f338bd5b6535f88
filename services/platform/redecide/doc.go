// Package redecide decides again, with the rules of this build, what a service has decided: it reads the inputs from their
// topics and the service's own events from its own, and tells where this build would have said something else. It is the
// regression test of a new build against last week's traffic.
//
// It only reads, and needs no database. A step is all that one machine said because of one thing: an event that it heard, a
// deadline, an answer from outside, a command. What was heard and what fell due is decided again, in the state right before
// the step. An answer and a command are on no topic: what was said first because of them is taken as given, and only what the
// machine said because of that is decided again. What is folded is always what was recorded, so that one difference does not
// make every later step differ.
//
// Of an input that led to nothing no topic says when it was heard: some time between the steps of the inputs before and
// after it on its topic. It is enough that this build answers nothing at one of these moments.
//
// Steps follow each other by the times of their events. Those are given while a step's rows are locked, by the clock of the
// service's database, so that of two steps that need the same row the first has the earlier time; where several processes
// estimate that clock, by a few milliseconds not. That matters only where orders share rows, as they do the levels of goods:
// what then agrees in a slightly other order is counted apart, and is no difference.
package redecide
