package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
)

// makeKeys makes keys of one age, named after their number.
func makeKeys(t *testing.T, db *gorm.DB, caller string, n int, age string) {
	t.Helper()
	err := db.Exec(
		`INSERT INTO idempotency_keys SELECT $1, '/v1/goods', n::text, '\x00', 'id-' || n,
			now() - $3::text::interval, now() - $3::text::interval
		FROM generate_series(1, $2::int) AS n`, caller, n, age).Error
	if err != nil {
		t.Fatal(err)
	}
}

func countKeys(t *testing.T, db *gorm.DB, where string) (n int) {
	t.Helper()
	if err := db.Raw("SELECT count(*) FROM idempotency_keys WHERE " + where).Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExpiredKeysAreDeletedSoonByTwoProcessesWhilePlacingGoesOn(t *testing.T) {
	t.Parallel()
	db := open(t).Gorm()
	const expired, kept = 50_000, 2000
	makeKeys(t, db, "ann", expired, "7 days 1 second")
	makeKeys(t, db, "bob", kept, "6 days 23 hours")
	for range 2 {
		stop := StartExpiry(db, slog.New(slog.DiscardHandler))
		defer func() {
			if err := stop(context.Background()); err != nil {
				t.Error(err)
			}
		}()
	}
	ctx, enough := context.WithCancel(t.Context())
	claims := NewTable(db)
	var placing sync.WaitGroup
	var taken [4][]Claim
	for n := range taken {
		placing.Go(func() {
			for i := n; ctx.Err() == nil; i += len(taken) { // expired keys, from both ends, and new ones
				for _, want := range []Claim{claim("ann", fmt.Sprint(1+i), fmt.Sprint("again-", i)),
					claim("ann", fmt.Sprint(expired-i), fmt.Sprint("end-", i)), claim("eve", fmt.Sprint(i), fmt.Sprint("new-", i))} {
					got, err := claims.Take(t.Context(), want)
					if err != nil || !got.Fresh {
						t.Errorf("%+v, %v", got, err)
					}
					taken[n] = append(taken[n], want)
				}
			}
		})
	}
	left := func() int { return countKeys(t, db, "created_at < now() - interval '7 days'") }
	for end := time.Now().Add(3 * time.Minute); left() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("expired keys are left: %d", left())
		}
	}
	enough()
	placing.Wait()
	if left := countKeys(t, db, "caller = 'bob'"); left != kept {
		t.Errorf("%d of %d keys that had not expired are left", left, kept)
	}
	all := 0
	for _, list := range taken {
		for _, want := range list {
			if got := take(t, claims, claim(want.Caller, want.Key, "another")); got.Fresh || got.ID != want.ID {
				t.Fatalf("%+v was taken meanwhile and is %+v", want, got)
			}
		}
		all += len(list)
	}
	if all == 0 {
		t.Error("nothing was placed meanwhile")
	}
	t.Logf("%d keys were taken meanwhile", all)
}

func TestAKeyThatSomeoneHoldsIsDeletedLater(t *testing.T) {
	t.Parallel()
	db := open(t).Gorm()
	makeKeys(t, db, "ann", 10, "8 days")
	err := db.Transaction(func(tx *gorm.DB) error {
		var held string
		if err := tx.Raw("SELECT key FROM idempotency_keys WHERE key = '3' FOR UPDATE").Row().Scan(&held); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		return expire(ctx, db) // must not wait for locks
	})
	if err != nil || countKeys(t, db, "true") != 1 {
		t.Fatalf("%d keys are left, %v", countKeys(t, db, "true"), err)
	}
	if err := expire(t.Context(), db); err != nil || countKeys(t, db, "true") != 0 {
		t.Errorf("%d keys are left, %v", countKeys(t, db, "true"), err)
	}
}
