package httpserver

import (
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// burst is how many seconds' worth of requests may come at once.
	burst = 10
	// mostBuckets bounds the memory of a limiter to some ten megabytes. Above that number new callers share one bucket.
	mostBuckets = 1 << 16
)

// limiter limits each caller to so many requests in a second, by a token bucket of its own.
type limiter struct {
	rate float64

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
	shared  *rate.Limiter
}

// newLimiter allows this many requests in a second; nil, which allows all, for 0.
func newLimiter(perSecond float64) *limiter {
	if perSecond <= 0 {
		return nil
	}
	l := &limiter{rate: perSecond, buckets: map[string]*rate.Limiter{}}
	l.shared = l.bucket()
	return l
}

func (l *limiter) bucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(l.rate), int(max(1, math.Ceil(l.rate*burst))))
}

// refuse counts a request of this caller, and returns a problem if it is one too many.
func (l *limiter) refuse(caller string, now time.Time) *Problem {
	if l == nil {
		return nil
	}
	taken := l.of(caller, now).ReserveN(now, 1)
	wait := taken.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	taken.CancelAt(now)
	p := NewProblem(http.StatusTooManyRequests, "too-many-requests",
		"more requests came than are allowed; nothing was done: send it again after the time in Retry-After")
	p.RetryAfter = int(math.Ceil(wait.Seconds()))
	return p
}

// of returns the caller's bucket. A full bucket equals a new one, so idle callers are dropped.
func (l *limiter) of(caller string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, known := l.buckets[caller]; known {
		return b
	}
	if len(l.buckets) >= mostBuckets && now.Sub(l.swept) >= time.Second {
		l.swept = now
		for name, b := range l.buckets {
			if b.TokensAt(now) >= float64(b.Burst()) {
				delete(l.buckets, name)
			}
		}
	}
	if len(l.buckets) >= mostBuckets {
		return l.shared
	}
	b := l.bucket()
	l.buckets[caller] = b
	return b
}
