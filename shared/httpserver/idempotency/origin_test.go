package idempotency

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"
)

func past(caller, key, id string, age time.Duration) Past {
	c := claim(caller, key, id)
	return Past{Origin{c.Caller, c.Route, c.Key, c.ID, hex.EncodeToString(c.Fingerprint)}, time.Now().Add(-age)}
}

func TestAKeyThatWasLostIsKnownAgainByTheEventsThatCameOfIt(t *testing.T) {
	t.Parallel()
	db := open(t).Gorm()
	c := NewTable(db)
	take(t, c, claim("ann", "there", "o1"))
	makeKeys(t, db, "bob", 1, "8 days")
	restored, err := Restore(db, []Past{
		past("ann", "k", "o2", time.Hour), past("ann", "k", "o2", 2*time.Hour), // two events of one request
		past("ann", "there", "o3", time.Hour), past("ann", "old", "o4", 8*24*time.Hour),
		past("bob", "1", "o5", -time.Second), // the clock of the deciding process was ahead
	})
	if err != nil || restored != 2 {
		t.Fatalf("%d restored, %v", restored, err)
	}
	for _, want := range []struct {
		key, id string
		fresh   bool
	}{{"k", "o2", false}, {"there", "o1", false}, {"old", "new", true}} {
		if got := take(t, c, claim("ann", want.key, "new")); got.ID != want.id || got.Fresh != want.fresh || got.Answer != nil ||
			string(got.Fingerprint) != "of "+want.id {
			t.Errorf("%s: %+v", want.key, got)
		}
	}
	got := take(t, c, claim("bob", "1", "new"))
	if mine, err := c.Resume(t.Context(), got); got.ID != "o5" || err != nil || !mine {
		t.Errorf("what expired was not replaced, or is busy: %+v, %v %v", got, mine, err)
	}
}

func TestAnEventTellsOfTheRequestItCameOf(t *testing.T) {
	t.Parallel()
	r := &Request{claims: NewTable(nil), claim: Claim{Name: Name{"ann", "/v1/goods", "k"}, ID: "o1", Fingerprint: []byte{1, 0xab}}}
	payload, err := json.Marshal(map[string]any{"reason": "r", "request": r.Origin()})
	if err != nil {
		t.Fatal(err)
	}
	if o, found, err := OriginOf(payload); !found || err != nil || o != (Origin{"ann", "/v1/goods", "k", "o1", "01ab"}) {
		t.Errorf("%+v %v %v", o, found, err)
	}
	if _, found, err := OriginOf([]byte(`{"reason":"request"}`)); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if o := Of(t.Context()).Origin(); o != nil {
		t.Errorf("a request without a key says %+v", o)
	}
}
