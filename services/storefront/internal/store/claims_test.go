package store

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
)

func claim(customer, key, order string) Claim {
	return Claim{Customer: customer, Key: key, Fingerprint: []byte("of " + order), OrderID: order}
}

// take makes or reads a claim.
func take(t *testing.T, c *Claims, want Claim) Claim {
	t.Helper()
	got, err := c.Take(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAKeyStandsForTheFirstOrderItCameWith(t *testing.T) {
	t.Parallel()
	c := NewClaims(open(t).Gorm())
	if got := take(t, c, claim("ann", "k", "o1")); !got.Fresh || got.OrderID != "o1" {
		t.Fatalf("first: %+v", got)
	}
	if got := take(t, c, claim("ann", "k", "o2")); got.Fresh || got.OrderID != "o1" || !bytes.Equal(got.Fingerprint, []byte("of o1")) {
		t.Fatalf("again: %+v", got)
	}
	if got := take(t, c, claim("bob", "k", "o3")); !got.Fresh {
		t.Fatalf("another customer: %+v", got)
	}
}

func TestAnUnfinishedClaimIsTakenOverOnceItsMakerHadTime(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewClaims(db.Gorm())
	mine := take(t, c, claim("ann", "k", "o1"))
	resumes := func(want bool) {
		t.Helper()
		if got, err := c.Resume(t.Context(), mine); err != nil || got != want {
			t.Fatalf("resumed %v %v, want %v", got, err, want)
		}
	}
	resumes(false)
	if err := c.Release(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	resumes(true)
	resumes(false)
	if err := db.Gorm().Exec("UPDATE idempotency_keys SET busy_until = now() - interval '1 second'").Error; err != nil {
		t.Fatal(err)
	}
	resumes(true)
}

func TestAKeyIsFreeAgainAfterSevenDays(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewClaims(db.Gorm())
	for age, fresh := range map[string]bool{"6 days 23 hours": false, "7 days 1 minute": true} {
		take(t, c, claim("ann", age, "o1"))
		if err := db.Gorm().Exec("UPDATE idempotency_keys SET created_at = now() - $1::interval WHERE key = $1", age).Error; err != nil {
			t.Fatal(err)
		}
		if got := take(t, c, claim("ann", age, "o2")); got.Fresh != fresh || (got.OrderID == "o2") != fresh {
			t.Errorf("after %s: %+v", age, got)
		}
	}
}

func TestTwoProcessesThatTakeTheSameKeysAgreeOnTheirOrders(t *testing.T) {
	t.Parallel()
	db := open(t)
	const keys = 300
	var taken [2][keys]Claim
	var all sync.WaitGroup
	for p := range taken {
		c := NewClaims(db.Gorm())
		for k := range keys {
			all.Go(func() {
				var err error
				k := (k*7 + p*100) % keys
				if taken[p][k], err = c.Take(context.Background(), claim("ann", fmt.Sprint(k), fmt.Sprint("o", p))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for k := range keys {
		a, b := taken[0][k], taken[1][k]
		if a.OrderID != b.OrderID || a.Fresh == b.Fresh {
			t.Fatalf("key %d: %+v and %+v", k, a, b)
		}
	}
}
