// Package idempotency gives a request that is sent again with its Idempotency-Key the answer it was given first, and lets
// it have its effect once. Every route that moves goods or money is served through it; it is the one definition of what
// such a key means:
//
//   - A key belongs to its caller and its route. It is kept for seven days, and is a new one afterwards.
//   - The key is looked up before anything else is judged: what was answered once is answered again, byte for byte, with
//     Idempotent-Replayed: true, whatever has changed meanwhile.
//   - With another path or body, valid or not, it is refused: 422 idempotency-key-reused. Order of fields and blanks in
//     JSON make no difference.
//   - While the first request is under way it is refused: 409 idempotency-key-in-use, with Retry-After.
//   - A request that was refused before it had any effect leaves its key unused.
//   - A route that takes no more for now refuses what is new, and answers what it knows.
//
// The claim on a key is committed before the effect, in the same database, and the effect is done under the claim's id, so
// that doing it again changes nothing. A process may therefore die at any moment: whoever comes back with the key finds the
// effect by the id, or does it. Events that the request led to tell of it (Origin), so that the claim comes back where the
// database is lost (Restore). The answer does not: it is made again from what was done, the same bytes where the handler makes
// it of nothing that changes since. A request without an effect is a new one then.
package idempotency
