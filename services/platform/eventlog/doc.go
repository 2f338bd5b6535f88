// Package eventlog reads a service's topic in the order of its sequence numbers, each event once. It drops records of other
// sources and repeats, and stops before a hole, as the engine's consumers do.
//
// It has no state of its own beyond a reading's position. Packages audit, replay, redecide, archive and repair read topics by it.
package eventlog
