package parked

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// Reference is one parked row.
type Reference struct {
	Service string `json:"service"`
	Number  int64  `json:"number"`
}

// Discard asks for parked rows to be given up.
type Discard struct {
	Items  []Reference `json:"items"`
	Reason string      `json:"reason"`
}

// Discarded is the answer to a Discard.
type Discarded struct {
	ID        string `json:"id"`
	Discarded int    `json:"discarded"` // rows, kept in engine.discarded
	Released  int    `json:"released"`  // keys in which what only waited goes on now
	Known     bool   `json:"-"`         // the same request was made before; this is the answer to it
}

const maxDiscard = 1000

// Discard takes rows out of what is parked and keeps them aside, whole. Where one was in the way of others that only
// waited, these go on. The error is a *Refusal where it cannot be carried out; then nothing was done.
func (all Services) Discard(ctx context.Context, d Discard, o Origin) (answer Discarded, err error) {
	numbers, err := all.check(d)
	if err != nil {
		return answer, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return answer, err
	}
	answer.ID = id.String()
	todo := Services{}
	for _, s := range all {
		if len(numbers[s.Name]) == 0 {
			continue
		}
		known, err := s.discardedBefore(ctx, o, &answer)
		if err != nil {
			return answer, err
		}
		if !known {
			todo = append(todo, s)
		}
	}
	// First all, so that nothing is done where something is not there.
	for _, s := range todo {
		var there []int64
		err := s.db(ctx).Raw(`SELECT number FROM engine.parked WHERE number = ANY($1::bigint[])`,
			pgtype.FlatArray[int64](numbers[s.Name])).Scan(&there).Error
		if err == nil {
			err = absent(d, s, there)
		}
		if err != nil {
			return answer, err
		}
	}
	for _, s := range todo {
		discarded, released, err := s.discard(ctx, answer.ID, d, numbers[s.Name], o)
		if database.IsConstraint(err, "discard_key") {
			err = refuse(Conflict, "idempotency-key-in-use", "the same request is being carried out; send it again to get its answer")
		}
		if err != nil {
			return answer, err
		}
		answer.Discarded, answer.Released = answer.Discarded+discarded, answer.Released+released
	}
	return answer, nil
}

// check finds what is wrong with the request, and sorts it by service.
func (all Services) check(d Discard) (numbers map[string][]int64, err error) {
	var f faults
	numbers = map[string][]int64{}
	if len(d.Items) == 0 || len(d.Items) > maxDiscard {
		f.add("items", "want 1 to %d items", maxDiscard)
		return nil, f.err()
	}
	for i, item := range d.Items {
		at := fmt.Sprintf("items[%d]", i)
		switch {
		case !slices.ContainsFunc(all, func(s Service) bool { return s.Name == item.Service }):
			f.add(at+".service", "there is no such service here; there are: %s", all.names())
		case item.Number < 1:
			f.add(at+".number", "want the number of a parked row")
		case slices.Contains(numbers[item.Service], item.Number):
			f.add(at, "it is listed twice")
		default:
			numbers[item.Service] = append(numbers[item.Service], item.Number)
		}
	}
	if fault := reasonFault(d.Reason, true); fault != "" {
		f.add("reason", "%s", fault)
	}
	return numbers, f.err()
}

func (s Service) discardedBefore(ctx context.Context, o Origin, answer *Discarded) (known bool, err error) {
	if o.Key == "" {
		return false, nil
	}
	var rows []struct {
		ID, Request         string
		Discarded, Released int
	}
	err = s.db(ctx).Raw(`SELECT id, request, discarded, released FROM engine.discard WHERE idempotency_key = $1
		AND idempotency_key <> ''`, o.Key).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return false, err
	}
	if rows[0].Request != o.Digest {
		return false, keyReused()
	}
	answer.ID, answer.Known = rows[0].ID, true
	answer.Discarded, answer.Released = answer.Discarded+rows[0].Discarded, answer.Released+rows[0].Released
	return true, nil
}

// absent is a Refusal that names the items of a service that are not there.
func absent(d Discard, s Service, there []int64) error {
	var gone []Fault
	for i, item := range d.Items {
		if item.Service == s.Name && !slices.Contains(there, item.Number) {
			gone = append(gone, Fault{fmt.Sprintf("items[%d]", i), "it is not parked, or not any more"})
		}
	}
	if gone == nil {
		return nil
	}
	return &Refusal{Kind: NotFound, Slug: "not-parked", Detail: "nothing was discarded; look at what is parked again", Faults: gone}
}

func (s Service) discard(ctx context.Context, id string, d Discard, numbers []int64, o Origin) (gone, freed int, err error) {
	list := pgtype.FlatArray[int64](numbers)
	err = s.db(ctx).Transaction(func(tx *gorm.DB) error {
		// The owner processes nothing of these partitions meanwhile. In one order, so that no two wait for each other.
		var partitions []int32
		err := tx.Raw(`SELECT DISTINCT partition FROM engine.parked WHERE number = ANY($1::bigint[]) ORDER BY partition`,
			list).Scan(&partitions).Error
		if err != nil {
			return err
		}
		for _, p := range partitions {
			if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, $2)`, PartitionLock, p).Error; err != nil {
				return err
			}
		}
		var there []int64
		err = tx.Raw(`WITH gone AS (DELETE FROM engine.parked p WHERE p.number = ANY($2::bigint[]) RETURNING p.*), request AS (
				INSERT INTO engine.discard (id, idempotency_key, request, requested_by, reason, discarded, released)
				VALUES ($1, $3, $4, $5, $6, (SELECT count(*) FROM gone), 0)), kept AS (
				INSERT INTO engine.discarded (number, discard, partition, key, saga, record)
				SELECT g.number, $1, g.partition, g.key, g.saga, to_jsonb(g) FROM gone g RETURNING number)
			SELECT number FROM kept`, id, list, o.Key, o.Digest, o.By, d.Reason).Scan(&there).Error
		if err == nil {
			err = absent(d, s, there)
		}
		if err != nil {
			return err
		}
		gone = len(there)
		if freed, err = letGo(tx, list); err != nil {
			return err
		}
		if err := tx.Exec(`UPDATE engine.discard SET released = $2 WHERE id = $1`, id, freed).Error; err != nil {
			return err
		}
		return tx.Exec(`UPDATE engine.lease SET parked_version = parked_version + 1 WHERE partition = ANY($1::int[])`,
			pgtype.FlatArray[int32](partitions)).Error
	})
	return gone, freed, err
}

// letGo has the keys of discarded rows processed whose next row only waited for one of them, and counts them.
func letGo(tx *gorm.DB, numbers pgtype.FlatArray[int64]) (keys int, err error) {
	err = tx.Raw(`WITH freed AS (
			SELECT DISTINCT d.partition, d.key FROM engine.discarded d
			JOIN LATERAL (SELECT p.reason FROM engine.parked p WHERE p.partition = d.partition AND p.key = d.key AND p.form <> 'call'
			              ORDER BY p.number LIMIT 1) head ON head.reason = ''
			WHERE d.number = ANY($1::bigint[])
		), marked AS (
			UPDATE engine.parked p SET redrive = true FROM freed f
			WHERE p.partition = f.partition AND p.key = f.key AND p.form <> 'call'
		) SELECT count(*) FROM freed`, numbers).Row().Scan(&keys)
	return keys, err
}
