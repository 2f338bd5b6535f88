// Package chaos is the failure campaign: two processes of every service on Apache Kafka and a Postgres of its own, random
// kills and stops of processes, broker and database while customers order, cancel and send back, and then the question
// whether anything was lost or done twice. Package witness answers it, and `orderflow verify` beside it.
//
// The simulated world outside is one process that is left alone, though its database is not: what it answered is the
// measure. What a seed chooses is the same each time; when a fault meets which statement is left to the machine.
//
// Instead of random faults, single ones of the installation can be asked for: the stages.
//
// It runs on Linux, whose /proc tells Postgres's processes. The command in cmd/chaos is its only user.
package chaos
