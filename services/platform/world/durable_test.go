package world_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/world"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestBookAndProgressSurviveARestart(t *testing.T) {
	t.Parallel()
	now := newClock()
	url := embeddedtest.Database(t)
	c := start(t, world.Options{DB: connect(t, url), Now: now.now})
	a := c.authorize(200, "a1", "o1", "tok_ok", 500)
	c.void(200, "v9", "o9", "late")
	c.authorize(402, "d1", "o2", "tok_declined", 500)
	c.capture(200, "c1", "o1", a.Reference, 400)
	parcel := c.want(200, "POST", "/carrier/v1/labels", "l1", label("outbound", "GB", "LOST 1"))
	c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": parcel.TrackingNumber})
	void := c.want(200, "POST", "/carrier/v1/labels", "l2", label("outbound", "GB", ""))
	c.want(204, "DELETE", "/carrier/v1/labels/"+void.TrackingNumber, "", nil)
	c.want(202, "PUT", "/floor/v1/picks/s1", "", lines("SHORT-1"))
	c.want(204, "DELETE", "/floor/v1/picks/s2", "", nil)
	c.want(202, "PUT", "/floor/v1/purchases/p1", "", object{"sku": "A", "quantity": 40, "warehouse": "north"})
	book := c.book("")

	// The first world is not closed: as after a kill, the second has only the tables. Another seed and speed do not
	// affect work that has begun.
	first := c
	c = start(t, world.Options{DB: connect(t, url), Now: now.now, Seed: 9, Speed: 0.01})
	if got := c.book(""); !reflect.DeepEqual(got, book) {
		t.Errorf("the book was %v, is %v", book, got)
	}
	if s := c.authorize(402, "late", "o9", "tok_ok", 1); s.Code != "voided" {
		t.Errorf("a voided attempt is %q", s.Code)
	}
	c.capture(200, "c1", "o1", a.Reference, 400)
	c.capture(402, "c2", "o1", a.Reference, 100)
	c.refund(402, "r1", "o1", a.Reference, 401)
	c.authorize(402, "d1", "o2", "tok_declined", 500)
	if s := c.get("/carrier/v1/tracking/" + parcel.TrackingNumber); s.State != "in_transit" {
		t.Errorf("the parcel is %s", s.State)
	}
	now.pass(10 * time.Second)
	for path, want := range map[string]string{
		"/carrier/v1/tracking/" + parcel.TrackingNumber: "lost",
		"/carrier/v1/tracking/" + void.TrackingNumber:   "voided",
		"/floor/v1/picks/s1":                            "short",
		"/floor/v1/picks/s2":                            "cancelled",
		"/floor/v1/purchases/p1":                        "delivered",
	} {
		if s := c.get(path); s.State != want {
			t.Errorf("%s is %s, want %s", path, s.State, want)
		}
	}
	if next := c.want(200, "POST", "/carrier/v1/labels", "l3",
		label("outbound", "GB", "")); next.TrackingNumber == void.TrackingNumber || next.TrackingNumber == parcel.TrackingNumber {
		t.Error("a tracking number was given out twice")
	}
	first.authorize(503, "a3", "o3", "tok_ok", 1)
	first.want(503, "POST", "/carrier/v1/labels", "l4", label("outbound", "GB", ""))
	first.want(503, "PUT", "/floor/v1/picks/s3", "", lines("A"))
}

func TestNothingAnsweredIsLostByAKill(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t)
	answered := map[string]string{}
	for round := range 4 {
		untilKilled(t, url, fmt.Sprint(round), answered, len(answered)+150)
	}
	c := start(t, world.Options{DB: connect(t, url), Speed: 1000})
	for key, reference := range answered {
		if s := c.get("/gateway/v1/authorizations/" + key); s.Reference != reference {
			t.Errorf("%s was answered %s, is now %s %s", key, reference, s.Reference, s.Code)
		}
	}
	if len(answered) < 600 {
		t.Errorf("only %d were answered before the kills", len(answered))
	}
	conserved(t, c.book(""))
}

// untilKilled serves the world from a process of its own, which is killed amid its work after so many responses.
func untilKilled(t *testing.T, url, round string, answered map[string]string, enough int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), served+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cmd.Process.Kill()
		t.Fatalf("the process to be killed does not serve: %v", cmd.Wait())
	}
	c := caller{t, strings.TrimSpace(address), &http.Client{}}
	var mu sync.Mutex
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s-%d-%d", round, i, n)
				s := c.ask("POST", "/gateway/v1/authorizations", key, object{"order": key, "amount": 5, "currency": "GBP", "token": "tok_ok"})
				if s.Status != http.StatusOK {
					return
				}
				mu.Lock()
				answered[key] = s.Reference
				if len(answered) == enough {
					cmd.Process.Kill()
				}
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	cmd.Wait()
}

func TestAfterTheDatabaseFailedTheWorldHoldsWhatTheTablesHold(t *testing.T) {
	t.Parallel()
	db := connect(t, embeddedtest.Database(t))
	c := start(t, world.Options{DB: db, Speed: 1000})
	c.authorize(200, "a1", "o1", "tok_ok", 500)
	for _, sql := range []string{"ALTER TABLE gateway_book RENAME TO away", "ALTER TABLE away RENAME TO gateway_book"} {
		if err := db.Gorm().Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(sql, "away") {
			c.authorize(503, "a2", "o2", "tok_ok", 500)
			c.authorize(503, "a2", "o2", "tok_ok", 500)
		}
	}
	c.want(404, "GET", "/gateway/v1/authorizations/a2", "", nil)
	c.want(200, "GET", "/gateway/v1/authorizations/a1", "", nil)
	c.authorize(200, "a2", "o2", "tok_ok", 500)
	if n := len(c.book("")); n != 2 {
		t.Errorf("the book has %d entries, want 2", n)
	}
}
