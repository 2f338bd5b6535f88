// Package archive keeps copies of an installation's data outside Kafka and Postgres, as files: the records of its topics, and
// snapshots of services' states. A topic may then delete archived records, and can be refilled from the archive.
//
// Files are named by their content, so that a listing is the manifest. They appear complete, are never changed, and carry a
// checksum that is compared before their content is used:
//
//	segments/payment.events/0003/00000000000000000001-00000000000000018231.segment
//	snapshots/payment/20261127T101530.123Z.snapshot
//
// A segment holds the numbered records of one topic partition's own service, without gap, as package eventlog reads them. A
// snapshot holds the tables of one service and their position.
//
// Files contain the payloads of events, with people's addresses: a directory is created for its owner only, and a bucket must be
// restricted likewise.
//
// The commands `orderflow topics` and `orderflow snapshot` write and read it, and package replay reads it.
package archive
