// Package chaos is the failure campaign: two processes of every service on Apache Kafka and a Postgres of its own, random
// kills and stops of processes, broker and database while customers order, cancel and return goods. Afterwards package
// witness, and beside it `orderflow verify`, check that nothing was lost or done twice.
//
// The simulated world outside is one process without faults, though its database has them: its answers are the
// reference. A seed always gives the same load and faults; the statement that a fault interrupts depends on the machine.
//
// The stages are single faults of the installation instead of random ones.
//
// It runs on Linux, as it finds Postgres's processes in /proc. The command in cmd/chaos is its only user.
package chaos
