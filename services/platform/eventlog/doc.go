// Package eventlog reads back what a service has said: its topic, in the order of its numbers, each once. It drops what the
// service did not write and what stands there twice, and stops before a hole, as the engine does.
//
// It keeps nothing and decides nothing. The checks of package audit read by it, and package replay.
package eventlog
