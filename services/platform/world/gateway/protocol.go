package gateway

import (
	"net/http"
	"slices"

	"orderflow.example/services/platform/world/answer"
)

// Perform is a request to the named operation in another protocol: the same book, keys, tokens and delays. The reply says what
// became of it, to be put into that protocol's words: 200 and 402 are in the entry; 422 is a key that another request had; 503
// is to be tried again.
func (g *Gateway) Perform(name, key, fingerprint string, q Request) (e Entry, r answer.Reply) {
	o := operations[slices.IndexFunc(operations, func(o operation) bool { return o.name == name })]
	if q.Order == "" || !o.valid(q) {
		return e, answer.Invalid("required: order, " + o.needs)
	}
	var first bool
	err := g.journal.Do(func() {
		if r, first = g.decide(o, key, fingerprint, q); r.Status == http.StatusOK || r.Status == http.StatusPaymentRequired {
			e = g.book.entries[g.book.byKey[key]]
		}
	})
	if err != nil {
		return e, answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	return e, g.late(o, q, r, first)
}

// History returns the entries about an authorisation, which its reference or its attempt names.
func (g *Gateway) History(name string) (found []Entry, err error) {
	err = g.journal.Do(func() {
		h := g.book.byReference[name]
		if h == nil {
			h = g.book.byAttempt[name]
		}
		if h == nil || h.reference == "" { // refused, or voided before it came
			if i, known := g.book.byKey[name]; known {
				found = []Entry{g.book.entries[i]}
			}
			return
		}
		for _, i := range g.book.byOrder[h.order] {
			if e := g.book.entries[i]; e.Attempt == h.attempt {
				found = append(found, e)
			}
		}
	})
	return found, err
}
