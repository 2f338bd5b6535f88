package tracker

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
)

// Summary is a saga in a list.
type Summary struct {
	Order   string     `json:"order"`
	State   string     `json:"state"`
	Reason  string     `json:"reason,omitempty"`
	BeganAt time.Time  `json:"began_at"`
	LastAt  time.Time  `json:"last_at"` // of its last event
	EndedAt *time.Time `json:"ended_at,omitempty"`
	Owed    int        `json:"owed"`
	Stuck   *Stuck     `json:"stuck,omitempty"`
}

// Stuck tells why a saga that has not ended does not go on.
type Stuck struct {
	Cause   string    `json:"cause"`
	Service string    `json:"service,omitempty"` // empty if no service owes anything
	Detail  string    `json:"detail"`
	Since   time.Time `json:"since"`
}

// Filter chooses sagas.
type Filter struct {
	State  string
	Open   *bool // has not ended
	Stuck  *bool
	Prefix string // of the order's id
}

// Mark is a saga's place in the list.
type Mark struct {
	Began int64  `json:"b"` // Unix nanoseconds
	ID    string `json:"i"`
}

// Sagas lists at most limit sagas that come after the mark, newest first; more tells whether there are others, after
// next.
func (x *Index) Sagas(f Filter, after *Mark, limit int, now time.Time) (list []Summary, next *Mark, more bool) {
	i := len(x.order)
	if after != nil {
		mark := &story{began: after.Began, id: IDOf(after.ID)}
		i = sort.Search(len(x.order), func(i int) bool { return !x.order[i].before(mark) })
	}
	for i--; i >= 0; i-- {
		s := x.order[i]
		if f.State != "" && x.state(s) != f.State || f.Open != nil && *f.Open != (s.ended == 0) ||
			!strings.HasPrefix(s.text(), f.Prefix) ||
			f.Stuck != nil && *f.Stuck && (!s.active || s.ended != 0) {
			continue
		}
		one := x.summary(s, now)
		if f.Stuck != nil && *f.Stuck != (one.Stuck != nil) {
			continue
		}
		if len(list) == limit {
			return list, next, true
		}
		list, next = append(list, one), &Mark{s.began, s.id.String()}
	}
	return list, next, false
}

func (x *Index) summary(s *story, now time.Time) Summary {
	owed := x.owed(s, now)
	one := Summary{Order: s.text(), State: x.state(s), Reason: x.words[s.reason], BeganAt: time.Unix(0, s.began).UTC(),
		LastAt: time.Unix(0, s.last).UTC(), Owed: len(owed), Stuck: x.stuck(s, owed, now)}
	if s.ended != 0 {
		at := time.Unix(0, s.ended).UTC()
		one.EndedAt = &at
	}
	return one
}

// stuck is why a saga does not go on: the obligation overdue longest, or that an open saga has none.
func (x *Index) stuck(s *story, owed []Obligation, now time.Time) *Stuck {
	if s.ended != 0 {
		return nil
	}
	for _, o := range owed {
		if o.Overdue {
			return &Stuck{Cause: o.Cause, Service: o.Service, Detail: o.What + ": " + o.Detail, Since: o.Until}
		}
	}
	last := time.Unix(0, s.last).UTC()
	if len(owed) > 0 || now.Sub(last) <= Grace {
		return nil
	}
	return &Stuck{Cause: CauseNeverProduced, Detail: "no service owes it anything, and it has not ended", Since: last}
}

// ObligationFilter chooses obligations; an empty field matches all.
type ObligationFilter struct {
	Overdue                     *bool
	Service, Kind, Cause, Order string
}

func (f ObligationFilter) takes(o Obligation) bool {
	return (f.Overdue == nil || *f.Overdue == o.Overdue) && (f.Service == "" || f.Service == o.Service) &&
		(f.Kind == "" || f.Kind == o.Kind) && (f.Cause == "" || f.Cause == o.Cause)
}

// Obligations lists those of all sagas, soonest due first.
func (x *Index) Obligations(f ObligationFilter, now time.Time) (all []Obligation) {
	take := func(s *story) {
		for _, o := range x.owed(s, now) {
			if f.takes(o) {
				all = append(all, o)
			}
		}
	}
	if f.Order != "" {
		if s := x.sagas[IDOf(f.Order)]; s != nil && s.began != 0 {
			take(s)
		}
		return all
	}
	for s := range x.active {
		take(s)
	}
	slices.SortFunc(all, func(a, b Obligation) int {
		return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Service, b.Service),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Event, b.Event))
	})
	return all
}
