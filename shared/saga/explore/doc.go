// Package explore tries every interleaving of one saga: the product of several machines for one key, with what is on its
// way between them, what the outside world may answer, and what may fall due.
//
// What it takes from the engine, and why that is all there is to try:
//
//   - A machine takes each record once, and what one producer said arrives in the order it was said. So between two
//     machines there is one queue, and nothing else is ordered.
//   - A crash before the commit changes nothing. A crash after it only delays what is published, which the queues cover
//     already: whatever is in one may stay there as long as others move.
//   - A question is asked again with the same id until it is answered, and an answer that comes twice is dropped. What
//     remains is that the outside acts, and that its answer comes, later, or never where the question is not asked until
//     answered.
//   - A question that is dropped is asked no more, and its answer is ignored. It may be on its way all the same, so that
//     the outside acts on it by then, or later, or never.
//   - A deadline may fall due at any time until it is settled.
//   - What a decision looks up may be known or not, whatever was known before (known.go). What a machine only shows is never
//     decided on, and so not explored.
//   - A record that comes again is not one more interleaving. It is checked in each place a machine was seen in that
//     every record it has heard by then changes nothing when it is heard again (again.go).
//
// # What is left out
//
// Two steps of different parts never disturb each other: a step takes from its own part's inbox and puts into others'.
// So where nothing can still reach a part before it moves, its steps alone are taken (reduce.go); and what a machine
// hears only to note it is taken at once (notes.go). Every saga then still runs to each of its ends, and each part still
// lives through each of its histories, but not every moment between two parts is seen. That is why a check looks at one
// part's step, or at an end, and at nothing else. A saga that goes on for ever still does (cycle.go).
//
// It knows no event and no service. The platform explores the choreography of an order with it.
package explore
