package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/platform/world"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

// served is set in the process that a test starts in order to kill it: the URL of the database to serve.
const served = "WORLD_TEST_SERVE"

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	if url := os.Getenv(served); url != "" {
		serve(url)
	}
	embeddedtest.Main(m)
}

func serve(url string) {
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err == nil {
		var w *world.World
		if w, err = world.Open(context.Background(), world.Options{DB: db, Speed: 1000}); err == nil {
			fmt.Println(httptest.NewServer(w.Handler()).URL)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// clock advances only when told.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func connect(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t testing.TB, o world.Options) *world.World {
	t.Helper()
	w, err := world.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// start returns a client of a new world, which is mounted as the platform mounts it.
func start(t testing.TB, o world.Options) caller {
	t.Helper()
	_, c := startWorld(t, o)
	return c
}

// startWorld is start, with the world itself.
func startWorld(t testing.TB, o world.Options) (*world.World, caller) {
	t.Helper()
	if o.DB == nil {
		o.DB = connect(t, embeddedtest.Database(t))
	}
	w := open(t, o)
	router := gin.New()
	router.Use(gin.Recovery())
	router.Any("/sim/*path", gin.WrapH(w.Handler()))
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return w, caller{t, server.URL, server.Client()}
}

type caller struct {
	t    testing.TB
	url  string
	http *http.Client
}

// said is a response: all fields of all bodies, and the status; 0 when the connection was dropped.
type said struct {
	Status         int
	Reference      string
	Amount         int64
	Code           string
	Carrier        string
	TrackingNumber string `json:"tracking_number"`
	State          string
	Scans          []struct{ Text string }
	Missing        []struct{ SKU string }
	Items          []map[string]any
	Next           string `json:"next_cursor"`
}

type object map[string]any

func (c caller) ask(method, path, key string, body object) (s said) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	req, err := http.NewRequest(method, c.url+"/sim"+path, bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Idempotency-Key", key)
	res, err := c.http.Do(req)
	if err != nil {
		return s
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusAccepted {
		if json.NewDecoder(res.Body).Decode(&s) != nil {
			return said{}
		}
	}
	s.Status = res.StatusCode
	return s
}

func (c caller) get(path string) said { return c.ask(http.MethodGet, path, "", nil) }

// want sends a request and fails unless the status is the expected one.
func (c caller) want(status int, method, path, key string, body object) said {
	c.t.Helper()
	s := c.ask(method, path, key, body)
	if s.Status != status {
		c.t.Fatalf("%s %s %v: got %d %s, want %d", method, path, body, s.Status, s.Code, status)
	}
	return s
}

func (c caller) authorize(status int, key, order, token string, amount int64) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/authorizations", key,
		object{"order": order, "amount": amount, "currency": "GBP", "token": token})
}

func (c caller) capture(status int, key, order, reference string, amount int64) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/captures", key,
		object{"order": order, "reference": reference, "amount": amount, "currency": "GBP"})
}

func (c caller) void(status int, key, order, attempt string) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/voids", key, object{"order": order, "attempt": attempt})
}

func (c caller) refund(status int, key, order, reference string, amount int64) said {
	c.t.Helper()
	return c.want(status, "POST", "/gateway/v1/refunds", key,
		object{"order": order, "reference": reference, "amount": amount, "currency": "GBP"})
}

// book reads the whole book, page by page.
func (c caller) book(query string) (entries []map[string]any) {
	c.t.Helper()
	for cursor := ""; ; {
		s := c.get("/gateway/book?limit=7" + query + "&cursor=" + cursor)
		if s.Status != http.StatusOK {
			c.t.Fatalf("the book answers %d %s", s.Status, s.Code)
		}
		entries = append(entries, s.Items...)
		if cursor = s.Next; cursor == "" {
			return entries
		}
	}
}
