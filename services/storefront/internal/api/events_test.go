package api

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// watch opens the stream of an order and returns the lines that come, but for comments; closed at the end.
func watch(t *testing.T, s *shop, id string, headers ...string) <-chan string {
	t.Helper()
	server := httptest.NewServer(s.engine)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	req := s.request("ann", "GET", "/", "", headers...).Clone(ctx)
	to, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/v1/orders/"+id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	to.Header = req.Header
	res, err := http.DefaultClient.Do(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			if text := scan.Text(); text != "" && !strings.HasPrefix(text, ":") {
				lines <- text
			}
		}
	}()
	return lines
}

// wants reads one event.
func wants(t *testing.T, lines <-chan string, id, status string) {
	t.Helper()
	var got []string
	for range 3 {
		line, ok := <-lines
		if !ok {
			t.Fatalf("the stream ended after %q, want event %s", got, id)
		}
		got = append(got, line)
	}
	if got[0] != "id: "+id || got[1] != "event: status" || !strings.Contains(got[2], `"status":"`+status+`"`) {
		t.Fatalf("got %q, want %s %s", got, id, status)
	}
}

func TestWhoWatchesAnOrderIsToldEachStepOnceForAsLongAsGoodsMayComeBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.place("ann", "k1", order("MUG", 1))
	one, two := watch(t, s, id), watch(t, s, id)
	wants(t, one, "0", "placed")
	wants(t, two, "0", "placed")
	s.show(id, status("confirmed"))
	wants(t, one, "1", "confirmed")
	s.show(id, status("preparing"), status("shipped"))
	wants(t, one, "2", "preparing")
	wants(t, one, "3", "shipped")
	late := watch(t, s, id, "Last-Event-ID", "2")
	wants(t, late, "3", "shipped")
	s.show(id, status("delivered"), status("completed"))
	for from, lines := range map[int]<-chan string{4: one, 1: two, 5: late} {
		for i := from; i < 6; i++ {
			if from == 5 && i == 5 {
				wants(t, lines, "4", "delivered")
			}
			wants(t, lines, string(rune('0'+i)), []string{"placed", "confirmed", "preparing", "shipped", "delivered", "completed"}[i])
		}
	}
	later := watch(t, s, id, "Last-Event-ID", "5") // it is completed, and may still come back
	s.show(id, status("returned"))
	for _, lines := range []<-chan string{one, two, late, later} {
		wants(t, lines, "6", "returned")
		if line, more := <-lines; more {
			t.Fatalf("after the end: %q", line)
		}
	}
	s.ask("ann", "GET", "/v1/orders/"+id+"/events", "", "Last-Event-ID", "6").is(204)
	s.ask("ann", "GET", "/v1/orders/"+id+"/events", "", "Last-Event-ID", "x").problem(422, "invalid")
}

func TestNobodyIsAskedForNewsOnceNobodyWaits(t *testing.T) {
	t.Parallel()
	s := open(t)
	w := newWatcher(s.Stories, nil, time.Microsecond)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, ok := w.next(ctx, "nothing", 0); ok {
		t.Fatal("a client that is gone got a story")
	}
	for running := true; running; {
		w.mu.Lock()
		running = w.running
		if len(w.waiting) != 0 {
			t.Fatal("a client that is gone still waits")
		}
		w.mu.Unlock()
	}
}
