// Package engine executes choreographies: it reads the topics a service listens to, its own among them where its machines
// hear each other, lets its machines decide, and writes states, outgoing events and progress in one transaction per batch.
//
// How it keeps its promises, in the order the files tell it:
//
//   - lease.go, tenure.go, partition.go: one process at a time owns a partition of a service, by an advisory lock and an
//     epoch in Postgres. What belongs to a partition lives and ends with its owner: it waits for the transactions of the
//     previous one, loads where it stands, compares its topic, runs, drains, and is given back.
//   - fetcher.go, reader.go: records are fetched, checked against the log's past, and put in sequence. A record is known by
//     its source, number and id; a repeat is dropped, a hole is never stepped over.
//   - queue.go, worker.go, committer.go, batch.go, decide.go, loopback.go: what is waiting is one batch, in one transaction with
//     those of the other partitions that have something to do; it begins by comparing and setting the watermarks, so that a
//     batch happens once and a former owner's batch never. Only what is an event's own fault parks it; what the installation
//     does wrong stops the partition until it works again.
//   - emit.go, write.go: outgoing events get their numbers inside that transaction, so numbers follow the order of commits.
//   - lookup.go, spread.go, series.go: what decisions look up of what others said, states that every partition writes, and
//     numbers without gaps.
//   - publisher.go, own_topic.go, outbox.go: each partition publishes after its commits, from memory; what a crash left
//     unpublished is read from the outbox. What the topic holds is learned from the topic.
//   - refill.go: the publishers alone, for the repair of lost topics.
//   - level.go, position.go, open_work.go, restore.go: a database that lost commits is brought level with its topic; for
//     replays, how far a service is, how it is held still, and what a database that was lost must know beside the states.
//   - calls.go, schedule.go, lane.go, ask.go, deadline.go, park.go: outside work, what is due later, and what could not be processed, as rows.
//   - maintenance.go and a file for each job: what nobody signals. survey.go, report.go, reporter.go, metrics.go: what
//     watchers are told. control.go: what operators and consumers ask for.
//
// A transaction locks in this order, and no other: the partition, calls and deadlines, for one machine after the other its
// states in key order and whatever a store locks beside them, the series, counters in partition order.
//
// Times that others compare are the database's (clock.go). Postgres must not lose commits: run it with synchronous
// replication where it fails over. What a database lost is brought back as far as the topic has it.
//
// It knows no event and no service. It is used by shared/service, and directly by benchmarks and tests. What operators may do
// about parked inputs is package parked.
package engine
