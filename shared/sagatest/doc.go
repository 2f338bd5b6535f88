// Package sagatest runs choreographies in memory, without broker, database or clock: one decision at a time (Given,
// When, Then), or whole sagas in every order the engine could deliver them in (World).
//
// It stands in for the engine's guarantees: each event reaches each service once, and the events of one producer about
// one key arrive in order; nothing else is ordered, nor are lookups. Tests of services and of the whole use it.
package sagatest
