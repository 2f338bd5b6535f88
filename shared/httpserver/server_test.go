package httpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/shared/httpserver"
)

// start runs a server on a free port.
func start(t *testing.T, o httpserver.Options, routes func(*gin.Engine)) string {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	s := httpserver.New(o)
	if routes != nil {
		routes(s.Engine())
	}
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(context.Background()) })
	return "http://" + addr
}

func call(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		request.Body = http.NoBody
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", "of-the-test") // a generated one has any four digits in it, sooner or later
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// wantProblem checks status, media type and type of a refusal.
func wantProblem(t *testing.T, response *http.Response, body string, status int, slug string) httpserver.Problem {
	t.Helper()
	var p httpserver.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if response.StatusCode != status || p.Status != status || !strings.HasSuffix(p.Type, "/problems/"+slug) ||
		response.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s %s, want %d %s", response.StatusCode, response.Header.Get("Content-Type"), body, status, slug)
	}
	return p
}

func TestRefusalsAreProblems(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{RouteBodyLimits: map[string]int64{"/large": 100 << 10}}, func(e *gin.Engine) {
		ok := func(c *gin.Context) { c.Status(http.StatusNoContent) }
		e.POST("/small", ok)
		e.POST("/large", ok)
		e.GET("/panic", func(*gin.Context) { panic("secret") })
	})
	for _, c := range []struct {
		method, path, body string
		headers            []string
		status             int
		slug               string
	}{
		{"GET", "/nothing/here", "", nil, 404, "not-found"},
		{"DELETE", "/small", "", nil, 405, "method-not-allowed"},
		{"POST", "/small/", "", nil, 404, "not-found"},
		{"GET", "/panic", "", nil, 500, "internal"},
		{"POST", "/small", strings.Repeat(" ", 64<<10+1), nil, 413, "too-large"},
		{"POST", "/large", strings.Repeat(" ", 100<<10+1), nil, 413, "too-large"},
		{"POST", "/small", "x", []string{"Content-Encoding", "gzip"}, 415, "content-encoding"},
		{"POST", "/small", `{"note":"4111 1111-1111 1111"}`, nil, 422, "card-number"},
	} {
		response, body := call(t, c.method, url+c.path, c.body, c.headers...)
		wantProblem(t, response, body, c.status, c.slug)
		if strings.Contains(body, "secret") || strings.Contains(body, "4111") || strings.Contains(body, "here/") {
			t.Errorf("the answer repeats what it should not: %s", body)
		}
		if c.status == 405 && response.Header.Get("Allow") != "POST" {
			t.Errorf("Allow: %q", response.Header.Get("Allow"))
		}
	}
	for path, size := range map[string]int{"/small": 64 << 10, "/large": 100 << 10} {
		if response, body := call(t, "POST", url+path, strings.Repeat(" ", size)); response.StatusCode != 204 {
			t.Errorf("%s refused %d bytes: %s", path, size, body)
		}
	}
}

func TestReferencesOfPartnersAreNotTakenForCardNumbers(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{Uninspected: []string{"/partner/*path"}}, func(e *gin.Engine) {
		e.POST("/partner/*path", func(c *gin.Context) { c.Status(http.StatusNoContent) })
		e.POST("/own", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	})
	reference := `{"reference":"au_4111111111111111"}`
	if response, body := call(t, "POST", url+"/partner/captures", reference); response.StatusCode != 204 {
		t.Errorf("the partner was refused: %s", body)
	}
	if response, _ := call(t, "POST", url+"/own", reference); response.StatusCode != 422 {
		t.Errorf("our own route let a card number in: %d", response.StatusCode)
	}
}

func TestForwardedHeadersAreNotBelieved(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		e.GET("/ip", func(c *gin.Context) { c.String(200, c.ClientIP()) })
	})
	if _, ip := call(t, "GET", url+"/ip", "", "X-Forwarded-For", "6.6.6.6", "X-Real-IP", "6.6.6.6"); ip != "127.0.0.1" {
		t.Errorf("got %s", ip)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, nil)
	if response, _ := call(t, "GET", url+"/healthz", "", "X-Long", strings.Repeat("x", 32<<10)); response.StatusCode != 431 {
		t.Errorf("got %d for 32 KiB of headers", response.StatusCode)
	}
}

func TestATakenAddressIsToldInOneLineWithItsFlag(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, nil)
	addr := strings.TrimPrefix(url, "http://")
	_, err := httpserver.New(httpserver.Options{Addr: addr, Flag: "--http-addr"}).Start()
	if err == nil {
		t.Fatal("two servers share an address")
	}
	for _, part := range []string{addr, "already in use", "--http-addr"} {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not mention %q", err, part)
		}
	}
}

func TestReadinessNamesEachPartButNotWhy(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{Ready: []httpserver.Part{
		{Name: "database", Check: func(context.Context) error { return nil }},
		{Name: "broker", Check: func(context.Context) error { return errors.New("secret host") }},
	}}, nil)
	response, body := call(t, "GET", url+"/readyz", "")
	if response.StatusCode != 503 || body != `{"parts":{"broker":"not ready","database":"ready"},"status":"not ready"}` {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	if response, _ := call(t, "GET", url+"/healthz", ""); response.StatusCode != 200 {
		t.Errorf("alive: %d", response.StatusCode)
	}
}

// safeBuffer can be read while handlers still log.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestLogsAndMetricsHoldPatternsNotIds(t *testing.T) {
	t.Parallel()
	var out safeBuffer
	registry := prometheus.NewRegistry()
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0", Logger: log, Registerer: registry})
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	var seen string
	s.Engine().GET("/orders/:id", func(c *gin.Context) { seen = httpserver.TraceParent(c); panic("secret-panic") })
	s.Engine().GET("/metrics", httpserver.Metrics(registry))
	do := func(path string) string {
		request := httptest.NewRequest("GET", path, nil)
		request.Header.Set("traceparent", trace)
		request.Header.Set("Authorization", "Bearer secret-token")
		recorder := httptest.NewRecorder()
		s.Engine().ServeHTTP(recorder, request)
		return recorder.Body.String()
	}
	do("/orders/secret-id?email=secret-mail")
	do("/secret-path")
	text := do("/metrics") + out.String()
	if strings.Contains(text, "secret") {
		t.Errorf("a secret is in %s", text)
	}
	for _, want := range []string{`orderflow_http_seconds_count{code="500",route="/orders/:id"} 1`, `code="404",route="unmatched"`,
		"traceparent=" + trace} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if seen != trace {
		t.Errorf("the handler saw traceparent %q", seen)
	}
}

func TestWhoeverIsToldWhenToComeAgainIsNoErrorOfTheServer(t *testing.T) {
	t.Parallel()
	var out safeBuffer
	s := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&out, nil))})
	for path, after := range map[string]int{"/full": 7, "/down": 0} {
		s.Engine().GET(path, func(c *gin.Context) {
			p := httpserver.Unavailable()
			p.RetryAfter = after
			httpserver.WriteProblem(c, p)
		})
	}
	for path, want := range map[string]string{"/full": "7", "/down": "1"} {
		recorder := httptest.NewRecorder()
		s.Engine().ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
		if got := recorder.Header().Get("Retry-After"); recorder.Code != 503 || got != want {
			t.Errorf("%s: %d, Retry-After %q", path, recorder.Code, got)
		}
	}
	if text := out.String(); strings.Contains(text, "/full") || !strings.Contains(text, "/down") {
		t.Errorf("logged %s", text)
	}
}

func TestStreamsResumeAndEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	s := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0"})
	ended := make(chan struct{})
	s.Engine().GET("/events", func(c *gin.Context) {
		httpserver.Stream(c, func(ctx context.Context) <-chan httpserver.Event {
			events := make(chan httpserver.Event, 1)
			events <- httpserver.Event{ID: "8\nevil: 1", Name: "status",
				Data: []byte("after " + c.GetHeader("Last-Event-ID") + "\r\nline two")}
			context.AfterFunc(ctx, func() { close(ended) })
			return events
		})
	})
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequest("GET", "http://"+addr+"/events", nil)
	request.Header.Set("Last-Event-ID", "7")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	want := ": open\n\nid: 8 evil: 1\nevent: status\ndata: after 7\ndata: line two\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != want {
		t.Errorf("got %q %v", got, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("an open stream kept the server from stopping: %v", err)
	}
	<-ended
}

func TestHEADOfAStreamEndsAtOnce(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		e.GET("/events", func(c *gin.Context) {
			httpserver.Stream(c, func(context.Context) <-chan httpserver.Event { return nil })
		})
	})
	if response, body := call(t, "HEAD", url+"/events", ""); response.StatusCode != 200 ||
		response.Header.Get("Content-Type") != "text/event-stream" || body != "" {
		t.Errorf("%d %v %q", response.StatusCode, response.Header, body)
	}
}
