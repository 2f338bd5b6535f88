// Package replay rebuilds a service from its topics. The states of a service are the fold of its own events, its projections the
// fold of other services' events: so its tables can be rebuilt beside the live ones, compared with them and swapped in, while
// the service runs or while its database is gone. A replay calls no decide and nothing outside, and publishes no event.
//
// In the order of the files:
//
//   - replay.go: the configuration, and the live and the shadow tables, which are in one database.
//   - scan.go: the topics are read once before anything is written: a hole, a damaged record or a version that this build cannot
//     read is reported first.
//   - identity.go: a snapshot and an archive must be of this installation, by the events that they share with the topics.
//   - shadow.go, merge.go, fold.go, left.go: the tables of the schema replay are created by the service's own migrations and
//     filled in batches. Each batch commits its position in the same transaction, so a replay that was killed resumes.
//   - compare.go, rows.go: live and rebuilt tables are compared row by row, at the same position.
//   - swap.go: the rebuilt tables replace the live ones in one transaction; the old ones are kept in a schema of their own, and
//     come back the same way.
//   - restore.go: where the topic is ahead of the database, as after its loss, the engine's own tables are restored too.
//
// Tables that no event writes, as the idempotency keys of requests, are left as they are, and listed. The engine's own tables are
// kept where the database is whole. Package audit checks the same equality on all services at once, in memory, and repairs
// nothing. The replay command uses this package.
package replay
