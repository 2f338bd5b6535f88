// Package sagatest runs choreographies in memory, without broker, database or clock: one decision at a time (Given,
// When, Then), or whole sagas in every order the engine could deliver them in (World).
//
// It stands for the engine's promises: each event reaches each service once, and what one producer said about one key
// arrives in the order it was said; nothing else is ordered, also not what is looked up. Tests of services and of the
// whole are its users.
package sagatest
