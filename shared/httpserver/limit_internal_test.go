package httpserver

import (
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func TestACallerIsHeldToItsRateAndNobodyElseIs(t *testing.T) {
	t.Parallel()
	l, now := newLimiter(2), time.Unix(0, 0)
	for n := range 20 {
		if p := l.refuse("ann", now); p != nil {
			t.Fatalf("request %d of ten seconds' worth was refused: %v", n, p)
		}
	}
	p := l.refuse("ann", now)
	if p == nil || p.Status != http.StatusTooManyRequests || p.RetryAfter != 1 {
		t.Fatalf("the next: %+v", p)
	}
	if p := l.refuse("bob", now); p != nil {
		t.Errorf("another caller: %v", p)
	}
	now = now.Add(time.Duration(p.RetryAfter) * time.Second) // refused requests have cost nothing
	for n, refused := range []bool{false, false, true} {
		if (l.refuse("ann", now) != nil) != refused {
			t.Errorf("a second later two more are allowed, and no third: request %d", n)
		}
	}
	if slow := newLimiter(0.01); slow.refuse("ann", now) != nil || slow.refuse("ann", now).RetryAfter != 100 {
		t.Error("a hundredth of a request in a second is one in a hundred")
	}
	if newLimiter(0).refuse("ann", now) != nil {
		t.Error("0 is no limit")
	}
}

func TestAFloodOfCallersNeitherGrowsWithoutEndNorFreesAnybody(t *testing.T) {
	t.Parallel()
	l, now := newLimiter(1), time.Unix(0, 0)
	for range 10 {
		l.refuse("ann", now)
	}
	for n := range mostBuckets + 1000 {
		l.refuse("stranger "+strconv.Itoa(n), now)
	}
	if len(l.buckets) > mostBuckets || l.refuse("ann", now) == nil || l.refuse("one more stranger", now) == nil {
		t.Errorf("%d buckets; ann, whose bucket is empty, and a new stranger must wait", len(l.buckets))
	}
	now = now.Add(time.Minute)
	if l.refuse("bob", now) != nil || len(l.buckets) != 1 {
		t.Errorf("a minute later %d buckets of idle callers are kept", len(l.buckets)-1)
	}
}

func TestAnAddressIsNotWhatItsCallerForges(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct {
		from      string
		forwarded []string
		want      string
	}{
		{"203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7"},
		{"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{"10.0.0.1:1", []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7"}, // a proxy that adds a line of its own
		{"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.7, 10.2.0.1"}, "203.0.113.7"},
		{"10.0.0.1:1", []string{"198.51.100.1, nonsense"}, "10.0.0.1"},
		{"[::ffff:203.0.113.7]:1", []string{"198.51.100.1"}, "203.0.113.7"},
		{"[2001:db8:1::1]:1", []string{"2001:db8:2:3:4:5:6:7"}, "2001:db8:2:3::/64"},
		{"[2001:db8:2:3::9%eth0]:1", []string{"2001:db8:9::1"}, "2001:db8:2:3::/64"},
	} {
		r := &http.Request{RemoteAddr: c.from, Header: http.Header{"X-Forwarded-For": c.forwarded, "X-Real-Ip": {"198.51.100.9"}}}
		if got := callerAddress(r, proxies); got != c.want {
			t.Errorf("%s %q: got %s, want %s", c.from, c.forwarded, got, c.want)
		}
	}
}

func TestATraceIsReadAsW3CHasIt(t *testing.T) {
	t.Parallel()
	const ids = "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
	for header, want := range map[string]string{
		"00" + ids + "01": "00" + ids + "01", "cc" + ids + "01": "00" + ids + "01", "01" + ids + "00-of-later": "00" + ids + "00",
		"00" + ids + "01-more": "", "ff" + ids + "01": "", "01" + ids + "00.": "", "00" + ids + "0": "", "": "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": "", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": "",
		"00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01": "",
	} {
		if got := parseTraceParent([]string{header}); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
	if parseTraceParent([]string{"00" + ids + "01", "00" + ids + "01"}) != "" {
		t.Error("two headers are none")
	}
}
