// Package engine executes choreographies: it reads the topics a service listens to, lets its machines decide, and
// writes states, outgoing events and progress in one transaction per batch.
//
// How it keeps its promises, in the order the files tell it:
//
//   - lease.go: one process at a time owns partition p of a service, by an advisory lock and an epoch in Postgres.
//   - feed.go: records are fetched, checked against the log's past, and put in sequence; a repeat is dropped, a hole is
//     never stepped over.
//   - worker.go, batch.go: what is waiting is one batch; the batch is one transaction; its first statement compares and
//     sets the watermark, so that a batch happens once and a former owner's batch never.
//   - emit.go, write.go: outgoing events get their numbers inside that transaction, so numbers follow the order of commits.
//   - publish.go, part.go: the owner publishes after the commit, from memory; what a death left over is read from the
//     outbox. owntopic.go: what is on the topic is learned from the topic.
//   - call.go, deadline.go, park.go: outside work, what is due later, and what could not be processed, as rows.
//   - chores.go, standings.go, control.go: what is due by the clock, what watchers are told, and what operators ask for.
//
// A transaction locks in this order, and no other: the partition, calls and deadlines, states in key order, whatever a
// store locks beside them, counters in partition order.
//
// It knows no event and no service. It is used by shared/service, and directly by benchmarks and tests.
package engine
