package demo

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// booked is a platform with books, in which what the gateway holds is accounted for once its files are asked for, but for what is
// left.
func booked(t *testing.T, left int64, discrepancies string) (o Options, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	mux := http.NewServeMux()
	answer := func(pattern string, body func() string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body()) })
	}
	answer("POST /v1/reports/daily/{day}/settlement", func() string { asked.Add(1); return `{}` })
	answer("GET /v1/reports/daily", func() string {
		settlement := `{"state":"none"}`
		if asked.Load() > 1 {
			settlement = `{"state":"read","read_at":"2026-03-02T00:12:00Z","lines":3}`
		}
		return `{"items":[{"day":"2026-03-01","settlement":` + settlement + `}]}`
	})
	answer("GET /v1/reports/balance", func() string {
		held := int64(500)
		if asked.Load() > 1 {
			held = left
		}
		return fmt.Sprintf(`{"currencies":[{"currency":"GBP","debits":900,"credits":900,"accounts":[`+
			`{"account":"gateway_clearing","balance":%d},{"account":"fees","balance":41}]}]}`, held)
	})
	answer("GET /v1/reports/discrepancies", func() string { return `{"items":[` + discrepancies + `]}` })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return Options{OperatorsURL: server.URL, Key: []byte(strings.Repeat("k", 32)), Plan: &Plan{}, Patience: 50 * time.Millisecond,
		look: time.Millisecond}, asked
}

func TestTheBooksAreReportedOnceTheGatewaysFilesAreRead(t *testing.T) {
	t.Parallel()
	const altered = `{"order":"o-1","movement":"capture","currency":"GBP","booked":500,"settled":493}`
	for _, c := range []struct {
		left          int64
		discrepancies string
		balanced      bool
		says          string
	}{
		{0, "", true, "3 lines of the gateway's settlement files of 1 days: 0 differ"},
		{7, "", false, "balance of gateway clearing"},
		{0, altered, false, "DIFFERS: capture of order o-1: the journal has 500 GBP, the gateway 493"},
	} {
		o, asked := booked(t, c.left, c.discrepancies)
		b, err := Reconcile(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := b.Print(&text); err != nil {
			t.Fatal(err)
		}
		if b.Balanced() != c.balanced || len(b.Unread) > 0 || asked.Load() != 2 || !strings.Contains(text.String(), c.says) {
			t.Errorf("%d files asked for; %+v:\n%s", asked.Load(), b, &text)
		}
	}
}

func TestAPlatformWithoutBooksHasNoneToReport(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"type":"https://orderflow.example/problems/not-found"}`)
	}))
	t.Cleanup(server.Close)
	b, err := Reconcile(t.Context(), Options{OperatorsURL: server.URL, Key: []byte(strings.Repeat("k", 32)), Plan: &Plan{}})
	if b != nil || err != nil {
		t.Errorf("%+v, %v", b, err)
	}
}
