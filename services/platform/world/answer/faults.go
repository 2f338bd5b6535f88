package answer

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"orderflow.example/services/platform/world/chance"
)

// The shares of requests with a fault.
const (
	refused  = 0.03 // answered 503, nothing done
	silenced = 0.02 // done, and the connection is dropped
	slowed   = 0.01 // done, two seconds late
)

// Faults injects faults into a handler. A request's fault depends on its method, path, idempotency key and how often it
// failed before, so that a run can be repeated and every request succeeds in the end.
func Faults(luck chance.Chance, next http.Handler) http.Handler {
	return &faults{luck: luck, next: next, failed: map[string]int{}}
}

type faults struct {
	luck chance.Chance
	next http.Handler

	mu     sync.Mutex
	failed map[string]int // only requests whose last try failed
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path + " " + r.Header.Get("Idempotency-Key")
	f.mu.Lock()
	luck := f.luck.Of("fault", name, strconv.Itoa(f.failed[name]))
	if luck < refused+silenced {
		f.failed[name]++
	} else {
		delete(f.failed, name)
	}
	f.mu.Unlock()
	switch {
	case luck < refused:
		Handle(func(*http.Request) Reply { return Refuse(http.StatusServiceUnavailable, "try_again") })(w, r)
	case luck < refused+silenced:
		f.next.ServeHTTP(unheard{http.Header{}}, r)
		hangUp(w)
	case luck < refused+silenced+slowed:
		if wait(r, f.luck.Scaled(2*time.Second)) {
			f.next.ServeHTTP(w, r)
		}
	default:
		f.next.ServeHTTP(w, r)
	}
}

// unheard discards a response that is not sent.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u unheard) WriteHeader(int)             {}
