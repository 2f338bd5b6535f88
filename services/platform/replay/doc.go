// Package replay rebuilds a service from its topics. The states of a service are the fold of its own events, and what it only
// shows the fold of others': so its tables can be made anew beside the live ones, compared with them, and put in their place,
// while the service runs or while its database is gone. No decision is taken again, nothing outside is asked, no event is
// said.
//
// In the order the files tell it:
//
//   - replay.go: what is replayed, and the two databases, live and shadow, that are one.
//   - scan.go: the topics are read once before anything is written: a hole, a damaged record or a version that nobody can
//     read is named first.
//   - shadow.go, merge.go, fold.go, left.go: the tables of the schema replay, made by the service's own migrations, and filled
//     in batches that
//     note how far they are in the same transaction. So a replay that was killed goes on.
//   - compare.go: row by row, at one position that both have come to.
//   - swap.go: the rebuilt tables take the place of the live ones, in one transaction; the old ones are kept in a schema of
//     their own, and come back the same way.
//   - restore.go: where the topic goes further than the database, as it does when that was lost, the engine's own tables are
//     brought level too.
//
// Tables that no event leads to, as the idempotency keys of requests, are left as they are: Report names them. The engine's own
// tables are kept where the database is whole. Package audit checks the same equality on all services at once, in memory, and
// mends nothing. The replay command uses this package.
package replay
