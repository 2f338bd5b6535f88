// Package explore tries every interleaving of one saga: the product of several machines for one key, the records in
// flight between them, the possible answers of outside parties, and the deadlines.
//
// What it takes from the engine, and why that is all there is to try:
//
//   - A machine takes each record once, and the events of one producer arrive in order. So between two machines there
//     is one queue, and nothing else is ordered.
//   - A crash before the commit changes nothing. A crash after it only delays publishing, which the queues cover already:
//     a record may stay in its queue while others move.
//   - A question is asked again with the same id until it is answered, and a repeated answer is dropped. What remains to
//     try: the outside acts, and its answer comes, later, or never where the question is not asked until answered.
//   - A dropped question is asked no more, and its answer is ignored. It may be in flight already, so that the outside acts
//     on it before that, or later, or never.
//   - A deadline may fall due at any time until it is settled.
//   - A lookup of a decision may find something or nothing, whatever was found before (known.go). Projections that no
//     decision reads are not explored.
//   - A redelivered record is not one more interleaving. In each place a machine was seen in, a check redelivers every record
//     it has consumed by then: nothing may change (again.go).
//
// # What is left out
//
// Two steps of different parts commute: a step takes from its own part's inbox and appends to others'. So where nothing
// that the others do can still reach some parts before one of them moves, the steps of those parts are enough: a persistent
// set (reduce.go); and an event that a machine consumes only to note it is consumed at once (notes.go). Every saga then
// still runs to each of its ends, and each part still
// goes through each of its histories, but not every moment between two parts is seen. That is why a check looks at one
// part's step, or at an end, and at nothing else. A saga that never ends is still found (cycle.go).
//
// Package explore knows no event and no service. The platform explores the choreography of an order with it.
package explore
