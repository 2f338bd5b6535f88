// Package audit checks that a whole installation holds together: that each service's rows follow from its topic, that
// nothing was applied twice or skipped, that money and goods are conserved, and that every saga has ended or is going on.
// The gateway's own book is the outside witness for money.
//
// It looks at a live system without stopping it and without false alarms. How, in the order the files tell it:
//
//   - snapshot.go: each service is read in one repeatable-read transaction. The engine writes states, outgoing events,
//     watermark, calls and deadlines of a batch in one transaction, so such a cut is exact, whatever happens meanwhile.
//   - verify.go: then the gateway's book is read, and after it how far every topic goes by now. So whatever a cut or the
//     book tells of is on the topics up to there.
//   - read.go, trace.go: the topics are read up to there, by package eventlog. What a service had not applied in its cut is on its way
//     to it; an order that something is on its way for, or asked about outside, is only held to what must hold at any time.
//   - aside.go: what else stands on a topic, exact repeats and what is no event of its service, is counted and named.
//   - replay.go, compare.go, difference.go: each cut is compared with the fold of the topics as far as it had come.
//   - delivery.go, money.go, book.go, goods.go, sagas.go: the checks across services, each over facts in memory.
//
// Run looks once and at everything. The Ledger looks again and again at what is new; both make the same checks:
//
//   - chain.go: what is kept of every record, to recognise it and to find the events of a key again.
//   - recall.go: states and sums of what has come to its end are put away, and rebuilt when it moves again.
//   - outbox.go, reread.go: events are read back from the outbox, or where it was pruned, from the topic.
//   - looks.go, ledger.go, api.go: what two looks in a row find is a break, which operators are told of.
//
// It changes nothing and repairs nothing. The verify command and the demo use Run, the tracker's process the Ledger;
// connect.go opens for both the databases that are there.
package audit
