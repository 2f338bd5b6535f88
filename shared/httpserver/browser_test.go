package httpserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

const long = 2000

// readable serves a list of this many characters, a refusal and a stream.
func readable(n int) func(*gin.Engine) {
	return func(e *gin.Engine) {
		e.GET("/v1/list", func(c *gin.Context) { c.JSON(200, gin.H{"items": strings.Repeat("x", n)}) })
		e.GET("/v1/empty", func(c *gin.Context) { c.Status(http.StatusNoContent) })
		e.GET("/v1/page", func(c *gin.Context) { c.Data(200, "text/html", []byte("<p>x")) })
		e.GET("/v1/gone", func(c *gin.Context) { httpserver.WriteProblem(c, httpserver.NotFound("not here")) })
		e.GET("/v1/events", func(c *gin.Context) {
			httpserver.Stream(c, func(context.Context) <-chan httpserver.Event {
				events := make(chan httpserver.Event, 1)
				events <- httpserver.Event{ID: "1", Data: bytes.Repeat([]byte("x"), n)}
				close(events)
				return events
			})
		})
	}
}

func TestWhatIsKnownIsNotSentAgain(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, readable(long))
	first, body := call(t, "GET", url+"/v1/list", "")
	tag := first.Header.Get("ETag")
	if first.StatusCode != 200 || !strings.HasPrefix(tag, `W/"`) ||
		first.Header.Get("Cache-Control") != "no-cache" || len(body) < long {
		t.Fatalf("got %d %v", first.StatusCode, first.Header)
	}
	owned, _ := call(t, "GET", url+"/v1/list", "", "Authorization", "Bearer x")
	if owned.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("an answer that needs a token may be cached by others: %v", owned.Header)
	}
	for header, want := range map[string]int{`"other"`: 200, tag: 304, strings.TrimPrefix(tag, "W/"): 304,
		`"other", ` + tag: 304, "*": 304} {
		for _, method := range []string{"GET", "HEAD"} {
			response, body := call(t, method, url+"/v1/list", "", "If-None-Match", header)
			if response.StatusCode != want || response.Header.Get("ETag") != tag || response.Header.Get("X-Request-Id") == "" ||
				(want == 304) != (response.Header.Get("Content-Type") == "") || want == 304 && body != "" {
				t.Errorf("%s %q: got %d %v", method, header, response.StatusCode, response.Header)
			}
		}
	}
	for _, path := range []string{"/v1/gone", "/v1/events", "/v1/page", "/v1/empty", "/healthz"} {
		response, _ := call(t, "GET", url+path, "", "If-None-Match", "*")
		if response.StatusCode == 304 || response.Header.Get("ETag") != "" {
			t.Errorf("%s: got %d %v", path, response.StatusCode, response.Header)
		}
	}
}

func TestLongAnswersAreCompressedForThoseWhoTakeThatAndStreamsAreNot(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, readable(long))
	plain, want := call(t, "GET", url+"/v1/list", "", "Accept-Encoding", "identity")
	packed, body := call(t, "GET", url+"/v1/list", "", "Accept-Encoding", "br;q=1.0, gzip;q=0.8")
	if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" || len(body) > long/10 ||
		!strings.Contains(packed.Header.Get("Vary"), "Accept-Encoding") || packed.Header.Get("ETag") != plain.Header.Get("ETag") {
		t.Fatalf("got %v of %d bytes, plain %v", packed.Header, len(body), plain.Header)
	}
	reader, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(reader); err != nil || string(unpacked) != want {
		t.Errorf("got %q, %v", unpacked, err)
	}
	known, _ := call(t, "GET", url+"/v1/list", "", "Accept-Encoding", "gzip", "If-None-Match", packed.Header.Get("ETag"))
	if known.StatusCode != 304 {
		t.Errorf("got %d", known.StatusCode)
	}
	for _, path := range []string{"/v1/events", "/healthz", "/v1/gone"} {
		if got, _ := call(t, "GET", url+path, "", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed", path)
		}
	}
}

func TestAHandlerThatBreaksHalfWayIsAProblem(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		e.GET("/v1/x", func(c *gin.Context) { c.JSON(200, gin.H{}); panic("half way") })
	})
	response, body := call(t, "GET", url+"/v1/x", "")
	wantProblem(t, response, body, 500, "internal")
}

func TestPagesOfOtherOriginsMayAskWhereThatIsConfigured(t *testing.T) {
	t.Parallel()
	routes := func(e *gin.Engine) {
		e.POST("/v1/orders", func(c *gin.Context) { c.Status(202) })
		e.GET("/v1/orders", func(c *gin.Context) { c.JSON(200, gin.H{}) })
	}
	const shop = "https://shop.example"
	for _, c := range []struct {
		origins      []string
		from, answer string
	}{
		{nil, shop, ""}, {[]string{shop}, shop, shop}, {[]string{"*"}, "https://any.example", "*"},
		{[]string{shop}, "https://evil.example", ""}, {[]string{shop}, "https://shop.example.evil.example", ""},
		{[]string{shop}, "null", ""},
	} {
		url := start(t, httpserver.Options{Origins: c.origins}, routes)
		asked, _ := call(t, "OPTIONS", url+"/v1/orders", "", "Origin", c.from, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "authorization,idempotency-key")
		got, _ := call(t, "GET", url+"/v1/orders", "", "Origin", c.from)
		refused, _ := call(t, "GET", url+"/v1/none", "", "Origin", c.from)
		unreadable, _ := call(t, "GET", url+"/v1/orders?q=%zz", "", "Origin", c.from)
		for _, response := range []*http.Response{asked, got, refused, unreadable} {
			if response.Header.Get("Access-Control-Allow-Origin") != c.answer ||
				response.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%q from %s: got %v", c.origins, c.from, response.Header)
			}
		}
		allowed := asked.Header.Get("Access-Control-Allow-Headers")
		if asked.StatusCode != 204 || asked.Header.Get("X-Request-Id") == "" ||
			(c.answer != "") != strings.Contains(allowed, "Idempotency-Key") {
			t.Errorf("%q from %s: %d %v", c.origins, c.from, asked.StatusCode, asked.Header)
		}
		if c.answer == shop && !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("a cache would give one origin's answer to another: %v", got.Header)
		}
	}
}

func TestRequestsAboveTheRateAreToldWhenToComeAgain(t *testing.T) {
	t.Parallel()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	auth.LimitCustomers(0.001) // one in a thousand seconds
	options := httpserver.Options{
		Admit: func(c *gin.Context) *httpserver.Problem { return auth.Authenticate(c, httpserver.AudienceCustomers) }}
	url := start(t, options, func(e *gin.Engine) {
		e.POST("/v1/orders", auth.RequireCustomer(), func(c *gin.Context) { c.Status(202) })
	})
	ask := func(customer string) (*http.Response, string) {
		token, err := httpserver.Mint(key, httpserver.AudienceCustomers, customer, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return call(t, "POST", url+"/v1/orders", "{}", "Authorization", "Bearer "+token)
	}
	if response, body := ask("ann"); response.StatusCode != 202 { // asked about her token twice, counted once
		t.Fatalf("got %d %s", response.StatusCode, body)
	}
	response, body := ask("ann")
	wantProblem(t, response, body, 429, "too-many-requests")
	if again, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || again < 500 || again > 1000 {
		t.Errorf("Retry-After is %q", response.Header.Get("Retry-After"))
	}
	if response, body := ask("bob"); response.StatusCode != 202 {
		t.Errorf("another customer: %d %s", response.StatusCode, body)
	}
}

func TestForgedHeadersDoNotEvadeTheRateOfAnAddress(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{PerAddress: 0.001}, readable(1))
	for n, want := range []int{200, 429, 429} {
		forged := "198.51.100." + strconv.Itoa(n)
		response, body := call(t, "GET", url+"/v1/list", "", "X-Forwarded-For", forged, "X-Real-Ip", forged, "Forwarded", "for="+forged)
		if response.StatusCode != want {
			t.Errorf("request %d: got %d %s", n, response.StatusCode, body)
		}
	}
	if response, _ := call(t, "GET", url+"/healthz", ""); response.StatusCode != 200 {
		t.Errorf("a probe got %d", response.StatusCode)
	}
}

func TestLinesAndProblemsNameTheRequestAndItsTrace(t *testing.T) {
	t.Parallel()
	var logs safeBuffer
	log := slog.New(httpserver.LogRequests(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s := httpserver.New(httpserver.Options{Logger: log})
	s.Engine().GET("/v1/x", func(c *gin.Context) {
		log.With("service", "shop").InfoContext(c, "audit")
		httpserver.WriteProblem(c, httpserver.NotFound("not here"))
	})
	const trace = "0af7651916cd43dd8448eb211c80319c"
	request, recorder := httptest.NewRequest("GET", "/v1/x", nil), httptest.NewRecorder()
	request.Header.Set("X-Request-Id", "r-1")
	request.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	s.Engine().ServeHTTP(recorder, request)
	var p httpserver.Problem
	if err := json.Unmarshal(recorder.Body.Bytes(), &p); err != nil || p.RequestID != "r-1" || p.TraceID != trace {
		t.Errorf("got %s, %v", recorder.Body, err)
	}
	lines := strings.Split(strings.TrimSpace(logs.String()), "\n")
	if len(lines) != 2 { // the handler's, and the request's own
		t.Fatalf("got %q", lines)
	}
	for _, line := range lines {
		if strings.Count(line, `"request_id":"r-1"`) != 1 || strings.Count(line, `"traceparent":"00-`+trace) != 1 {
			t.Errorf("got %s", line)
		}
	}
}
