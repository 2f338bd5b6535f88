package service

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// Shadow is a set of rules that decides about recorded events beside the ones that did. It has no effect.
type Shadow interface {
	Hears() []saga.Kind        // the events that it needs, of all services
	Hear(e saga.Event) *Judged // in the order of their times; what was decided by e, if anything
	Rules() string             // their name and version
}

// Judged is one decision, as it was and as it would have been.
type Judged struct {
	Order      string    `json:"order"`
	At         time.Time `json:"at"`
	Was        string    `json:"was"`
	WasFor     []string  `json:"was_for,omitempty"` // the rules that held
	Would      string    `json:"would"`
	WouldFor   []string  `json:"would_for,omitempty"`
	Incomplete bool      `json:"incomplete,omitempty"` // something that the rules use is not on the topics
}

// Shadowed counts decisions, and keeps examples of those that differ.
type Shadowed struct {
	Rules      string          `json:"rules"`
	Judged     int64           `json:"judged"`
	Incomplete int64           `json:"incomplete"`
	Outcomes   []*ShadowChange `json:"outcomes"`
}

// ShadowChange is all decisions of one kind.
type ShadowChange struct {
	Was      string   `json:"was"`
	Would    string   `json:"would"`
	Count    int64    `json:"count"`
	Examples []Judged `json:"examples,omitempty"` // where the two differ
}

const shadowExamples = 10

// Add counts a decision.
func (s *Shadowed) Add(j Judged) {
	s.Judged++
	if j.Incomplete {
		s.Incomplete++
	}
	i := slices.IndexFunc(s.Outcomes, func(c *ShadowChange) bool { return c.Was == j.Was && c.Would == j.Would })
	if i < 0 {
		i, s.Outcomes = len(s.Outcomes), append(s.Outcomes, &ShadowChange{Was: j.Was, Would: j.Would})
	}
	c := s.Outcomes[i]
	if c.Count++; j.Was != j.Would && len(c.Examples) < shadowExamples {
		c.Examples = append(c.Examples, j)
	}
}

// Print writes the report for people: the largest counts first.
func (s *Shadowed) Print(w io.Writer) error {
	slices.SortStableFunc(s.Outcomes, func(a, b *ShadowChange) int { return cmp.Compare(b.Count, a.Count) })
	lines := []string{fmt.Sprintf("%s beside %d decisions", s.Rules, s.Judged)}
	if s.Incomplete > 0 {
		lines = append(lines, fmt.Sprintf("%d without a card, which was not asked for then", s.Incomplete))
	}
	for _, c := range s.Outcomes {
		lines = append(lines, fmt.Sprintf("%8d  %s → %s", c.Count, c.Was, c.Would))
		for _, j := range c.Examples {
			lines = append(lines, fmt.Sprintf("          %s  %s  %s → %s", j.Order, j.At.UTC().Format(time.RFC3339),
				words(j.WasFor), words(j.WouldFor)))
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func words(rules []string) string {
	if len(rules) == 0 {
		return "no rule"
	}
	return strings.Join(rules, "+")
}
