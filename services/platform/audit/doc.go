// Package audit checks that a whole installation holds together: that each service's rows follow from its topic, that
// nothing was applied twice or skipped, that money and goods are conserved, and that every saga has ended or is going on.
// The gateway's own book is the outside witness for money.
//
// It looks at a live system without stopping it and without false alarms. How, in the order the files tell it:
//
//   - snapshot.go: each service is read in one repeatable-read transaction. The engine writes states, outgoing events,
//     watermark, calls and deadlines of a batch in one transaction, so a snapshot is consistent under load.
//   - verify.go: then the gateway's book is read, and after it how far every topic goes by now. So all events that
//     a snapshot or the book reflects are on the topics up to there.
//   - read.go, trace.go: the topics are read up to there, by package eventlog. Events that a service had not applied in its
//     snapshot are
//     on their way; for an order with events on their way, or open calls, only the invariants are checked that hold at any time.
//   - aside.go: other records on a topic, exact repeats and records of other sources, are counted and named.
//   - replay.go, compare.go, difference.go: each snapshot is compared with the fold of the topics up to its watermarks.
//   - delivery.go, money.go, book.go, goods.go, sagas.go: the checks across services, each over facts in memory.
//
// Run checks everything once. The Ledger checks new events and rows again and again; both make the same checks:
//
//   - chain.go: an index of all records, to recognise them and to find the events of a key.
//   - recall.go: states of finished orders leave the memory, and are rebuilt when an event touches them again.
//   - outbox.go, reread.go: events are read back from the outbox, or where it was pruned, from the topic.
//   - looks.go, ledger.go, api.go: a fault that two looks in a row find is a break, which operators see.
//
// The audit changes and repairs nothing. The verify command and the demo use Run, the tracker's process uses the Ledger;
// connect.go opens the databases for both.
package audit
