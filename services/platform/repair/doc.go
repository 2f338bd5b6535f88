// Package repair fills topics that lost events again: from the outboxes of the services that wrote them, and with what those
// do not hold any more, as it was pruned, from an archive. Events keep their numbers, ids and order, so that consumers, which
// go by numbers, miss nothing and do nothing twice.
//
// It publishes nothing itself. What is pruned is put back into the outbox, and then the service's own publishers do it, which
// compare topic and outbox as they always do: those of the service where it runs, else the same code under the same locks, so
// that a partition never has two publishers.
//
// In the order the files tell it: plan.go, what each partition lacks and where that is; repair.go, the steps; refill.go, the
// waiting until it is there. The command orderflow topics repair uses it.
package repair
