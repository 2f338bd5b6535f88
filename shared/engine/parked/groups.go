package parked

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Group is what is parked for one cause.
type Group struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Type    string    `json:"type"`
	Form    string    `json:"form"`
	Reason  string    `json:"reason"` // without ids, numbers and quotes
	Sagas   int64     `json:"sagas"`  // keys that wait, and calls
	Events  int64     `json:"events"` // these, and what waits behind them
	Oldest  time.Time `json:"oldest"`
	Newest  time.Time `json:"newest"`
	Example string    `json:"example"` // an order, the longest parked
}

// maxGroups bounds what is kept in memory.
const maxGroups = 10_000

// Groups is what is parked, by cause, the largest group first. Of more than ten thousand causes in a service the further
// ones are left out, and complete is false.
func (all Services) Groups(ctx context.Context, service string) (groups []Group, complete bool, err error) {
	chosen, err := all.named(service)
	if err != nil {
		return nil, false, err
	}
	complete = true
	for _, s := range chosen {
		list, whole, err := s.groups(ctx)
		if err != nil {
			return nil, false, err
		}
		groups, complete = append(groups, list...), complete && whole
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Sagas, a.Sagas), strings.Compare(a.ID, b.ID))
	})
	return groups, complete, nil
}

func (s Service) groups(ctx context.Context) (groups []Group, complete bool, err error) {
	at := map[string]int{} // by id
	complete = true
	err = s.eachHead(s.db(ctx), func(h Item) bool {
		cause := Cause(h.Reason)
		id := groupOf(h, cause)
		i, known := at[id]
		if !known {
			if len(groups) == maxGroups {
				complete = false
				return true
			}
			i = len(groups)
			at[id] = i
			groups = append(groups, Group{ID: id, Service: s.Name, Type: h.Type, Form: h.Form, Reason: cause, Oldest: h.ParkedAt,
				Newest: h.ParkedAt, Example: h.Order})
		}
		g := &groups[i]
		g.Sagas++
		g.Events += 1 + h.Behind
		if h.ParkedAt.Before(g.Oldest) {
			g.Oldest, g.Example = h.ParkedAt, h.Order
		}
		if h.ParkedAt.After(g.Newest) {
			g.Newest = h.ParkedAt
		}
		return true
	})
	return groups, complete, err
}
