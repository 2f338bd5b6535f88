// Package engine executes choreographies: it consumes the topics of a service (its own among them for loopbacks), lets the
// service's machines decide, and writes states, outgoing events and positions in one transaction per batch.
//
// How it keeps its promises, in the order the files tell it:
//
//   - lease.go, tenure.go, partition.go: one process at a time owns a partition of a service, by an advisory lock and an
//     epoch in Postgres. All that works for a partition starts and stops with its owner: the owner waits for the
//     transactions of the previous one, loads the positions, compares the topic, runs, drains, and gives the partition back.
//   - fetcher.go, reader.go: records are fetched, checked against the log's past, and put in sequence. A record is known by
//     its source, number and id; a repeat is dropped, a hole is never stepped over.
//   - queue.go, worker.go, committer.go, batch.go, decide.go, loopback.go: the inputs that wait are one batch, in one transaction
//     with those of the other partitions. It begins by comparing and setting the watermarks, so that a batch is committed once
//     and that of a former owner never. Only a fault of the event itself parks it; a fault of the installation stops the
//     partition until it is mended.
//   - emit.go, write.go: outgoing events get their numbers inside that transaction, so numbers follow the order of commits.
//   - lookup.go, spread.go, series.go: lookups of events of other services in decisions, states that every partition writes, and
//     numbers without gaps.
//   - publisher.go, own_topic.go, outbox.go: each partition publishes after its commits, from memory; what a crash left
//     unpublished is read from the outbox. The topic is read to learn what it holds.
//   - refill.go: the publishers alone, for the repair of lost topics.
//   - level.go, position.go, open_work.go, restore.go: a database that lost commits is brought level with its topic; for
//     replays, the positions of a service, how it is paused, and the rows beside the states that a lost database needs.
//   - calls.go, schedule.go, lane.go, ask.go, deadline.go, park.go: calls to outside parties, deadlines, and parked
//     inputs, as rows.
//   - maintenance.go and a file for each job: work that no event triggers. survey.go, report.go, reporter.go, metrics.go:
//     progress reports and metrics. control.go: requests of operators and consumers.
//
// A transaction locks in this order, and no other: the partition, calls and deadlines, for one machine after the other its
// states in key order and whatever a store locks beside them, the series, counters in partition order.
//
// Times that other processes compare are those of the database (clock.go). Postgres must not lose commits: run it with
// synchronous replication where it fails over. A database that lost commits is restored as far as
// the topic goes.
//
// The engine knows no event and no service. Package service runs it, benchmarks and tests use it directly. Package parked lists,
// redrives and discards parked inputs.
package engine
