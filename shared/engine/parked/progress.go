package parked

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The states of a redrive.
const (
	StateRunning = "running"
	StatePaused  = "paused"  // between steps, until it is continued
	StateStopped = "stopped" // by an operator
	StateFailed  = "failed"  // sagas failed again
	StateDone    = "done"
)

// Redrive is what was asked for and how far it is.
type Redrive struct {
	ID            string     `json:"id"`
	State         string     `json:"state"`
	Selection     string     `json:"selection"`
	By            string     `json:"by"`
	Reason        string     `json:"reason,omitempty"`
	Services      []string   `json:"services"`
	CreatedAt     time.Time  `json:"created_at"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	AsOf          time.Time  `json:"as_of"`
	PerSecond     float64    `json:"per_second"`
	Pause         string     `json:"pause"`
	StopOnFailure bool       `json:"stop_on_failure"`
	Total         int        `json:"total"`
	Later         int        `json:"later"`    // parked since, and not in it
	Released      int        `json:"released"` // processed, with all that waited behind
	Failed        int        `json:"failed"`   // again
	Gone          int        `json:"gone"`     // not parked any more when its turn came
	Left          int        `json:"left"`
	At            string     `json:"at,omitempty"` // the order begun last
	Steps         []Step     `json:"steps,omitempty"`
	Failures      []Failure  `json:"failures,omitempty"` // the first hundred of each service, those not tried again first
}

// Step is so many sagas at a time.
type Step struct {
	Service string `json:"service"`
	Number  int    `json:"number"`
	Size    int    `json:"size"`
	Done    int    `json:"done"`
	Failed  int    `json:"failed"`
	Gone    int    `json:"gone"`
}

// Failure is a saga that failed again.
type Failure struct {
	Service string    `json:"service"`
	Order   string    `json:"order"`
	Key     string    `json:"key"`
	Was     string    `json:"was"` // the reason it was parked for
	Now     string    `json:"now"` // the reason it failed for
	At      time.Time `json:"failed_at"`
	Retried bool      `json:"retried"` // it had, or has, another turn
}

const maxFailures = 100

const redriveColumns = `id, state, selection, requested_by AS by, reason, created_at, ended_at, as_of, per_second,
	CASE WHEN ask THEN 'ask' ELSE 'none' END AS pause, stop_on_failure, total, later, released, failed, gone,
	total - released - failed - gone AS "left"`

// redriveRow is a Redrive as one service has it.
type redriveRow struct {
	ID, State, Selection, By, Reason, Pause    string
	CreatedAt, AsOf                            time.Time
	EndedAt                                    *time.Time
	PerSecond                                  float64
	StopOnFailure                              bool
	Total, Later, Released, Failed, Gone, Left int
}

func (r redriveRow) of(s Service) *Redrive {
	return &Redrive{ID: r.ID, State: r.State, Selection: r.Selection, By: r.By, Reason: r.Reason, Services: []string{s.Name},
		CreatedAt: r.CreatedAt, EndedAt: r.EndedAt, AsOf: r.AsOf, PerSecond: r.PerSecond, Pause: r.Pause,
		StopOnFailure: r.StopOnFailure,
		Total:         r.Total, Later: r.Later, Released: r.Released, Failed: r.Failed, Gone: r.Gone, Left: r.Left}
}

// Get is one redrive with its steps and failures.
func (all Services) Get(ctx context.Context, id string) (Redrive, error) {
	unknown := refuse(NotFound, "not-found", "there is no such redrive")
	if uuid.Validate(id) != nil {
		return Redrive{}, unknown
	}
	var whole *Redrive
	for _, s := range all {
		var rows []redriveRow
		if err := s.db(ctx).Raw(`SELECT `+redriveColumns+` FROM engine.redrive WHERE id = $1`, id).Scan(&rows).Error; err != nil {
			return Redrive{}, err
		}
		if len(rows) == 0 {
			continue
		}
		part := rows[0].of(s)
		if err := s.fill(ctx, part); err != nil {
			return Redrive{}, err
		}
		whole = merge(whole, part)
	}
	if whole == nil {
		return Redrive{}, unknown
	}
	return *whole, nil
}

// fill adds what is told of a single redrive only.
func (s Service) fill(ctx context.Context, r *Redrive) error {
	err := s.db(ctx).Raw(`SELECT $2 AS service, step AS number, count(*) AS size, count(*) FILTER (WHERE state = 'released') AS done,
			count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'gone') AS gone
		FROM engine.redrive_item WHERE redrive = $1 GROUP BY step ORDER BY step`, r.ID, s.Name).Scan(&r.Steps).Error
	if err != nil {
		return err
	}
	err = s.db(ctx).Raw(`SELECT $2 AS service, saga AS "order", key, reason_was AS was, reason_now AS now, decided_at AS at, retried
		FROM engine.redrive_item WHERE redrive = $1 AND state = 'failed' ORDER BY retried, decided_at, ordinal LIMIT $3`, r.ID,
		s.Name, maxFailures).Scan(&r.Failures).Error
	if err != nil {
		return err
	}
	for i := range r.Failures {
		r.Failures[i].Was, r.Failures[i].Now = shown(r.Failures[i].Was), shown(r.Failures[i].Now)
	}
	return s.db(ctx).Raw(`SELECT coalesce((SELECT saga FROM engine.redrive_item WHERE redrive = $1 AND begun_at IS NOT NULL
		ORDER BY begun_at DESC, ordinal DESC LIMIT 1), '')`, r.ID).Row().Scan(&r.At)
}

// worst first: a redrive of several services is what the worst of its parts is.
var precedence = []string{StateRunning, StatePaused, StateFailed, StateStopped, StateDone}

// merge adds another service's part of a redrive.
func merge(a, b *Redrive) *Redrive {
	switch {
	case a == nil || a.Total == 0:
		return b
	case b.Total == 0:
		return a
	}
	if slices.Index(precedence, b.State) < slices.Index(precedence, a.State) {
		a.State = b.State
	}
	if a.EndedAt = later(a.EndedAt, b.EndedAt); b.AsOf.Before(a.AsOf) {
		a.AsOf = b.AsOf
	}
	if b.At != "" {
		a.At = b.At
	}
	a.Services = append(a.Services, b.Services...)
	a.Total, a.Later, a.Left = a.Total+b.Total, a.Later+b.Later, a.Left+b.Left
	a.Released, a.Failed, a.Gone = a.Released+b.Released, a.Failed+b.Failed, a.Gone+b.Gone
	a.Steps, a.Failures = append(a.Steps, b.Steps...), append(a.Failures, b.Failures...)
	return a
}

// later is when both have ended.
func later(a, b *time.Time) *time.Time {
	if a == nil || b == nil {
		return nil
	}
	if a.After(*b) {
		return a
	}
	return b
}

// Redrives are those asked for so far, the newest first, after the one with the id before.
func (all Services) Redrives(ctx context.Context, before string, limit int) (list []Redrive, more bool, err error) {
	byID := map[string]*Redrive{}
	for _, s := range all {
		q := s.db(ctx).Table("engine.redrive").Select(redriveColumns).Where("total > 0")
		if before != "" {
			q = q.Where("id < ?", before)
		}
		var rows []redriveRow
		if err := q.Order("id DESC").Limit(limit + 1).Scan(&rows).Error; err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			byID[r.ID] = merge(byID[r.ID], r.of(s))
		}
	}
	for _, r := range byID {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Redrive) int { return strings.Compare(b.ID, a.ID) })
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}
