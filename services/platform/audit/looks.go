package audit

import (
	"cmp"
	"slices"
	"time"
)

// Break is a broken invariant that two looks in a row found, with no event on its way.
type Break struct {
	Kind  string `json:"kind"` // the check's name: money, agreement, stock, …
	ID    string `json:"id"`   // the order, the SKU and its warehouse, or the topic and partition
	Order string `json:"order,omitempty"`
	Text  string `json:"text"`

	// The two numbers that differ, if it is about numbers: in minor units of the currency, or pieces, or events.
	Expected *int64 `json:"expected,omitempty"`
	Found    *int64 `json:"found,omitempty"`
	Currency string `json:"currency,omitempty"`

	Since time.Time `json:"since"` // when it was first seen
}

// looks tells breaks from differences that are only in flight: a difference is a break when the next look finds it too. A break
// ends when a look finds the numbers equal, with no event on its way for its order.
type looks struct {
	seen map[sight]*sighting
}

// sight is a difference, whatever its present numbers.
type sight struct{ kind, id, what string }

type sighting struct {
	Break
	again bool // found by more than one look
}

func newLooks() *looks { return &looks{seen: map[sight]*sighting{}} }

// look records the differences of one look and returns those that became breaks. hidden tells whether events are on their way for
// an id.
func (l *looks) look(at time.Time, checks []Check, hidden func(id string) bool) (fresh []Break) {
	found, made := map[sight]bool{}, map[string]bool{}
	for _, c := range checks {
		made[c.Name] = c.Skipped == ""
		for _, o := range c.all {
			s := sight{c.Name, o.ID, o.what}
			if found[s] {
				continue
			}
			found[s] = true
			x, known := l.seen[s]
			if !known {
				x = &sighting{Break: Break{Kind: c.Name, ID: o.ID, Since: at}}
				l.seen[s] = x
			}
			x.Text, x.Expected, x.Found, x.Currency = o.Text, o.Expected, o.Found, o.Currency
			if known && !x.again {
				x.again = true
				fresh = append(fresh, x.Break)
			}
		}
	}
	for s, x := range l.seen {
		if made[s.kind] && !found[s] && !(x.again && hidden(s.id)) {
			delete(l.seen, s)
		}
	}
	return fresh
}

// breaks lists them, by kind and id.
func (l *looks) breaks() []Break {
	all := []Break{}
	for _, x := range l.seen {
		if x.again {
			all = append(all, x.Break)
		}
	}
	slices.SortFunc(all, func(a, b Break) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Text, b.Text))
	})
	return all
}

// doubtful tells whether some difference needs another look.
func (l *looks) doubtful() bool {
	for _, x := range l.seen {
		if !x.again {
			return true
		}
	}
	return false
}
