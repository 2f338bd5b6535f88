package repair

import (
	"fmt"
	"slices"
	"strings"
)

// Span is the numbers from From to To, both included.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// spans is a set of numbers, as sorted spans that do not touch.
type spans []Span

// add adds a number, fastest at the end.
func (s *spans) add(n int64) {
	if last := len(*s) - 1; last >= 0 && n == (*s)[last].To+1 {
		(*s)[last].To++
		return
	}
	*s = s.with(Span{n, n})
}

func (s spans) with(more ...Span) (all spans) {
	list := append(slices.Clone(s), more...)
	slices.SortFunc(list, func(a, b Span) int { return int(min(max(a.From-b.From, -1), 1)) })
	for _, x := range list {
		switch last := len(all) - 1; {
		case x.To < x.From:
		case last >= 0 && x.From <= all[last].To+1:
			all[last].To = max(all[last].To, x.To)
		default:
			all = append(all, x)
		}
	}
	return all
}

// without returns the numbers that are not in others.
func (s spans) without(others spans) (left spans) {
	for _, x := range s {
		for _, o := range others {
			if o.To < x.From || o.From > x.To {
				continue
			}
			if o.From > x.From {
				left = append(left, Span{x.From, o.From - 1})
			}
			x.From = o.To + 1
		}
		if x.From <= x.To {
			left = append(left, x)
		}
	}
	return left
}

func (s spans) and(others spans) spans { return s.without(s.without(others)) }

func (s spans) count() (n int64) {
	for _, x := range s {
		n += x.To - x.From + 1
	}
	return n
}

// String lists the spans, or the first of many.
func (s spans) String() string {
	const most = 5
	var parts []string
	for i, x := range s {
		switch {
		case i == most:
			return strings.Join(parts, ", ") + fmt.Sprintf(" and %d more", spans(s[i:]).count())
		case x.From == x.To:
			parts = append(parts, fmt.Sprint(x.From))
		default:
			parts = append(parts, fmt.Sprintf("%d to %d", x.From, x.To))
		}
	}
	return strings.Join(parts, ", ")
}
