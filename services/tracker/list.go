package tracker

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"orderflow.example/schemas"
)

// Summary is a saga in a list.
type Summary struct {
	Order    string         `json:"order"`
	State    string         `json:"state"`
	Reason   string         `json:"reason,omitempty"`
	Customer string         `json:"customer"`
	Lines    int            `json:"lines"`
	Total    *schemas.Money `json:"total,omitempty"` // as it was ordered
	BeganAt  time.Time      `json:"began_at"`
	LastAt   time.Time      `json:"last_at"` // of its last event
	EndedAt  *time.Time     `json:"ended_at,omitempty"`
	Owed     int            `json:"owed"`
	Overdue  int            `json:"overdue"`  // of what is owed
	Parked   int            `json:"parked"`   // inputs about it that services have put aside
	Decision bool           `json:"decision"` // it waits for a person
	Waits    *Waits         `json:"waits,omitempty"`
	Stuck    *Stuck         `json:"stuck,omitempty"`
}

// Waits tells what a saga waits for first.
type Waits struct {
	Service string    `json:"service"`
	What    string    `json:"what"`
	Until   time.Time `json:"until"`
	Cause   string    `json:"cause,omitempty"` // why it is overdue; empty if it is not
}

// Stuck tells why a saga that has not ended does not go on.
type Stuck struct {
	Cause   string    `json:"cause"`
	Service string    `json:"service,omitempty"` // empty if no service owes anything
	Detail  string    `json:"detail"`
	Since   time.Time `json:"since"`
	Event   string    `json:"event"` // the id of the event after which it does not go on
}

// Filter chooses sagas; an empty field matches all.
type Filter struct {
	Orders    []string // only these
	State     string
	Open      *bool // has not ended
	Stuck     *bool
	Attention *bool     // see NeedsAttention
	Prefix    string    // of the order's id
	Reason    string    // why it was turned back
	Service   string    // that owes it something
	Cause     string    // why something is overdue, or why it is stuck
	Customer  string    // who ordered
	SKU       string    // of one of its lines
	From, To  time.Time // it began not before From, and before To
}

// takesStory tells whether a saga may fit, by what is known without looking at what it is owed.
func (f Filter) takesStory(x *Index, s *story) bool {
	owes := f.Service != "" || f.Cause != "" || f.Attention != nil && *f.Attention || f.Stuck != nil && *f.Stuck
	return (f.State == "" || x.state(s) == f.State) && (f.Open == nil || *f.Open == (s.ended == 0)) &&
		strings.HasPrefix(s.text(), f.Prefix) && (f.Reason == "" || x.words[s.reason] == f.Reason) &&
		(f.From.IsZero() || s.began >= f.From.UnixNano()) && (f.To.IsZero() || s.began < f.To.UnixNano()) &&
		(f.Customer == "" || s.customer != 0 && s.customer == x.text(f.Customer, false)) &&
		(f.SKU == "" || slices.Contains(s.skus, x.text(f.SKU, false))) &&
		(!owes || s.active) && (f.Stuck == nil || !*f.Stuck || s.ended == 0)
}

// takes tells whether a saga fits that takesStory let through.
func (f Filter) takes(one Summary, owed []Obligation) bool {
	return (f.Stuck == nil || *f.Stuck == (one.Stuck != nil)) && (f.Attention == nil || *f.Attention == one.NeedsAttention()) &&
		(f.Service == "" || slices.ContainsFunc(owed, func(o Obligation) bool { return o.Service == f.Service })) &&
		(f.Cause == "" || one.Stuck != nil && one.Stuck.Cause == f.Cause ||
			slices.ContainsFunc(owed, func(o Obligation) bool { return o.Cause == f.Cause }))
}

// NeedsAttention tells whether a saga is stuck, owes what is overdue although it has ended, has something put aside, or waits for
// a person's decision.
func (s Summary) NeedsAttention() bool {
	return s.Stuck != nil || s.Overdue > 0 || s.Parked > 0 || s.Decision
}

// setAside counts the inputs about a saga that services have put aside.
func (x *Index) setAside(s *story) (n int) {
	if len(x.parkedOf) == 0 {
		return 0
	}
	for i := range s.entries {
		n += x.parkedOf[s.entries[i].id]
	}
	return n
}

// among are the sagas that a filter chooses from, oldest first.
func (x *Index) among(f Filter) []*story {
	if f.Orders == nil {
		return x.order
	}
	var all []*story
	for _, order := range f.Orders {
		if s := x.sagas[IDOf(order)]; s != nil && s.began != 0 && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *story) int {
		return cmp.Or(cmp.Compare(a.began, b.began), slices.Compare(a.id[:], b.id[:]))
	})
	return all
}

// Mark is a saga's place in the list.
type Mark struct {
	Began int64  `json:"b"` // Unix nanoseconds
	ID    string `json:"i"`
}

// Sagas lists at most limit sagas that come after the mark, newest first; more tells whether there are others, after
// next.
func (x *Index) Sagas(f Filter, after *Mark, limit int, now time.Time) (list []Summary, next *Mark, more bool) {
	all := x.among(f)
	i := len(all)
	if after != nil {
		mark := &story{began: after.Began, id: IDOf(after.ID)}
		i = sort.Search(len(all), func(i int) bool { return !all[i].before(mark) })
	}
	for i--; i >= 0; i-- {
		s := all[i]
		if !f.takesStory(x, s) {
			continue
		}
		one, owed := x.told(s, now)
		if !f.takes(one, owed) {
			continue
		}
		if len(list) == limit {
			return list, next, true
		}
		list, next = append(list, one), &Mark{s.began, s.id.String()}
	}
	return list, next, false
}

// told is a saga with what is owed to it. One that is not active owes nothing.
func (x *Index) told(s *story, now time.Time) (one Summary, owed []Obligation) {
	if s.active {
		owed = x.owed(s, now)
	}
	return x.summary(s, owed, now), owed
}

func (x *Index) summary(s *story, owed []Obligation, now time.Time) Summary {
	one := Summary{Order: s.text(), State: x.state(s), Reason: x.words[s.reason], Customer: x.texts[s.customer],
		Lines: len(s.skus), BeganAt: time.Unix(0, s.began).UTC(), LastAt: time.Unix(0, s.last).UTC(), Owed: len(owed),
		Stuck: x.stuck(s, owed, now), Parked: x.setAside(s)}
	if s.currency != 0 {
		one.Total = &schemas.Money{Amount: s.total, Currency: x.words[s.currency]}
	}
	if s.ended != 0 {
		at := time.Unix(0, s.ended).UTC()
		one.EndedAt = &at
	}
	for _, o := range owed {
		if o.Overdue {
			one.Overdue++
		}
		one.Decision = one.Decision || o.Kind == KindDecision
	}
	if len(owed) > 0 {
		first := owed[max(0, slices.IndexFunc(owed, func(o Obligation) bool { return o.Kind == KindDecision }))]
		one.Waits = &Waits{Service: first.Service, What: first.What, Until: first.Until, Cause: first.Cause}
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
			return &Stuck{Cause: o.Cause, Service: o.Service, Detail: o.What + ": " + o.Detail, Since: o.Until, Event: o.Event}
		}
	}
	last := time.Unix(0, s.last).UTC()
	if len(owed) > 0 || now.Sub(last) <= Grace {
		return nil
	}
	at := x.lastOnTheWay(s)
	return &Stuck{Cause: CauseNeverProduced, Since: last, Event: at.id.String(),
		Detail: "no service owes it anything, and it has not ended; the last event on its way is " + x.kinds[at.kind].name}
}

// lastOnTheWay is the last event of a saga that leads to its completion, or the last of all if there is none.
func (x *Index) lastOnTheWay(s *story) (last entry) {
	leads := func(e entry) bool { return x.onTheWay[x.kinds[e.kind].name] }
	for _, e := range s.entries {
		if leads(e) && !leads(last) || leads(e) == leads(last) && e.at >= last.at {
			last = e
		}
	}
	return last
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
