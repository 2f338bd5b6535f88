// Package idempotency gives a request that is sent again with its Idempotency-Key the answer it was given first, and lets
// it have its effect once. Every route that moves goods or money is served through it; it is the one definition of what
// such a key means:
//
//   - A key belongs to its caller and its route. It is kept for seven days, and is a new one afterwards.
//   - The key is looked up before anything else is judged: a repeat gets the first answer, byte for byte, with
//     Idempotent-Replayed: true, even if prices or stock have changed since.
//   - With another path or body, valid or not, it is refused: 422 idempotency-key-reused. Order of fields and blanks in
//     JSON make no difference.
//   - While the first request is in progress it is refused: 409 idempotency-key-in-use, with Retry-After.
//   - A request that was refused before it had any effect leaves its key unused.
//   - An overloaded route refuses new requests, and answers repeats of known ones.
//
// The claim on a key is committed before the effect, in the same database, and the effect is done under the claim's id, so
// that a retry changes nothing. A process may therefore die at any moment: a repeat finds the effect by the id, or does it.
// Events of the effect contain the request (Origin), so that the claim is restored if the database is lost (Restore). The
// answer is not restored: it is rebuilt from the effect, the same bytes if the handler builds it only from data that never
// change. A request without an effect is a new one then.
package idempotency
