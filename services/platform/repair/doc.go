// Package repair refills topics that lost events: from the outboxes of the services that wrote them, and pruned events from an
// archive. Events keep their numbers, ids and order, so that consumers, which go by numbers, miss and repeat nothing.
//
// It publishes nothing itself. Pruned events are put back into the outbox, and the service's own publishers, which always compare
// topic and outbox, publish them: those of the running service, else the same code under the same locks, so that a partition
// never has two publishers.
//
// In the order of the files: plan.go finds the numbers that each partition lacks and where they are; repair.go has the steps;
// refill.go waits until the events are published. The command orderflow topics repair uses it.
package repair
