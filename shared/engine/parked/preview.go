package parked

import (
	"context"
	"fmt"
	"strings"
	"time"

	"orderflow.example/shared/database"
)

// known finds what was begun for the same request, and the services that have nothing of it.
func (all Services) known(ctx context.Context, o Origin) (answer Started, missing Services, err error) {
	if o.Key == "" {
		return answer, all, nil
	}
	for _, s := range all {
		var rows []struct {
			ID, Request  string
			Total, Later int
			AsOf         time.Time
		}
		err := s.db(ctx).Raw(`SELECT id, request, total, later, as_of FROM engine.redrive WHERE idempotency_key = $1
			AND idempotency_key <> ''`, o.Key).Scan(&rows).Error
		if err != nil {
			return answer, nil, err
		}
		if len(rows) == 0 {
			missing = append(missing, s)
			continue
		}
		if r := rows[0]; r.Request != o.Digest {
			return answer, nil, keyReused()
		} else if !answer.Known || r.AsOf.Before(answer.AsOf) {
			answer.AsOf = r.AsOf
		}
		answer.ID, answer.Known = rows[0].ID, true
		answer.Total, answer.Later = answer.Total+rows[0].Total, answer.Later+rows[0].Later
	}
	return answer, missing, nil
}

// CheckKey refuses an Idempotency-Key that came with another request.
func (all Services) CheckKey(ctx context.Context, o Origin) error {
	for _, s := range all {
		var other bool
		err := s.db(ctx).Raw(`SELECT EXISTS (SELECT FROM engine.redrive WHERE idempotency_key = $1 AND idempotency_key <> ''
			AND request <> $2)
			OR EXISTS (SELECT FROM engine.discard WHERE idempotency_key = $1 AND idempotency_key <> '' AND request <> $2)`, o.Key,
			o.Digest).Scan(&other).Error
		if err != nil {
			return err
		}
		if other {
			return keyReused()
		}
	}
	return nil
}

func keyReused() *Refusal {
	return &Refusal{Kind: Invalid, Slug: "idempotency-key-reused",
		Detail: "this Idempotency-Key came with another request before; send a new one"}
}

// preview finds the set of each service, and refuses what is about nothing.
func (all Services) preview(ctx context.Context, r Request) (answer Started, sets []set, err error) {
	found := map[string]bool{}
	for i, s := range all {
		c, err := s.choose(s.db(ctx), r)
		if err != nil {
			return answer, nil, err
		}
		sets = append(sets, c)
		answer.Total, answer.Later, answer.Events = answer.Total+len(c.numbers), answer.Later+c.later, answer.Events+c.events
		answer.Items = append(answer.Items, c.first[:min(len(c.first), maxListed-len(answer.Items))]...)
		if i == 0 || c.asOf.Before(answer.AsOf) {
			answer.AsOf = c.asOf
		}
		for order := range c.found {
			found[order] = true
		}
	}
	var gone []Fault
	for i, order := range r.Orders {
		if !found[order] {
			gone = append(gone, Fault{fmt.Sprintf("orders[%d]", i), "nothing of this order is parked, or not any more"})
		}
	}
	switch {
	case gone != nil:
		err = &Refusal{Kind: NotFound, Slug: "not-parked", Detail: "nothing was redriven; look at what is parked again", Faults: gone}
	case answer.Total > 0:
	case answer.Later > 0:
		err = refuse(Conflict, "nothing-parked",
			"all that was parked then has gone on; %d were parked since: look again, without as_of", answer.Later)
	case r.Group != "":
		err = refuse(NotFound, "not-parked", "there is no such group, or nothing of it is parked any more: look at the groups again")
	default:
		err = refuse(Conflict, "nothing-parked", "nothing is parked: there is nothing to redrive")
	}
	return answer, sets, err
}

// ready refuses what would take too many steps, or would meet another redrive of a service.
func (all Services) ready(ctx context.Context, r Request, sets []set) error {
	for i, s := range all {
		n := len(sets[i].numbers)
		if n == 0 {
			continue
		}
		if t := turns(r.Steps, n, 1); t[n-1] > maxTurns {
			var f faults
			f.add("steps", "that makes %d steps; want at most %d: let the last one be larger", t[n-1], maxTurns)
			return f.err()
		}
		if err := s.running(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// running is a Refusal where a redrive of the service is under way and err is nil, or comes from there being one.
func (s Service) running(ctx context.Context, err error) error {
	if database.IsConstraint(err, "redrive_key") {
		return refuse(Conflict, "idempotency-key-in-use", "the same request is being carried out; send it again to get its answer")
	}
	if err != nil && !database.IsConstraint(err, "redrive_one") {
		return err
	}
	var ids []string
	if err := s.db(ctx).Raw(`SELECT id FROM engine.redrive WHERE state IN ('running', 'paused')`).Scan(&ids).Error; err != nil {
		return err
	}
	if err == nil && len(ids) == 0 {
		return nil
	}
	return refuse(Conflict, "redrive-running", "a redrive of %s is under way: %s; wait until it is done, or stop it", s.Name,
		strings.Join(ids, ", "))
}
