// Package archive keeps what can be kept of an installation beside Kafka and Postgres, as files: what the topics hold, and
// snapshots of services' states. A topic may then forget what is archived, and can be filled again from here.
//
// Files are named by what they hold, so that a listing is the manifest; they are whole or not there, never changed, and carry
// a checksum that is compared before anything in them is believed:
//
//	segments/payment.events/0003/00000000000000000001-00000000000000018231.segment
//	snapshots/payment/20261127T101530.123Z.snapshot
//
// A segment holds own, numbered records of one topic partition, without gap, as package eventlog reads them. A snapshot holds
// the tables of one service, and how far the topics had been applied to them.
//
// Files hold what events hold, people's addresses too: a directory is made for its owner only, and a bucket has to be.
//
// The commands `orderflow topics` and `orderflow snapshot` write and read it, and package replay reads it.
package archive
