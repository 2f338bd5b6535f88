package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/shared/engine"
)

var (
	first  = engine.Attempt{ID: "e1", Saga: "o1", Number: 1}
	second = engine.Attempt{ID: "e1", Saga: "o1", Number: 2}
)

type answer struct {
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`
}

// party returns a server's client, and the requests it got: method, path, key and body.
func party(t *testing.T, handle http.HandlerFunc) (*Client, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var heard []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		words := []string{r.Method, r.URL.EscapedPath(), r.Header.Get("Idempotency-Key"), string(body)}
		heard = append(heard, strings.TrimSpace(strings.Join(words, " ")))
		mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return New("bank", server.URL+"/"), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
}

// says answers every request alike; headers are names and values in turn.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func post(answers ...int) Question {
	return Question{Method: http.MethodPost, Path: "/payments", Inquire: "/payments/e1",
		Body: map[string]string{"card": "secret"}, Answers: answers}
}

func TestAQuestionIsAskedUnderItsIdAndItsAnswerRead(t *testing.T) {
	t.Parallel()
	c, heard := party(t, says(200, `{"reference":"r1","amount":7,"new":true}`))
	var a answer
	status, err := c.Ask(t.Context(), first, post(200, 402), &a)
	if status != 200 || err != nil || a != (answer{"r1", 7}) {
		t.Errorf("got %d, %+v, %v", status, a, err)
	}
	if want := []string{`POST /payments e1 {"card":"secret"}`}; !slices.Equal(heard(), want) {
		t.Errorf("asked %q, want %q", heard(), want)
	}
	c, _ = party(t, says(402, `{"reference":"declined"}`))
	if status, err = c.Ask(t.Context(), first, post(200, 402), &a); status != 402 || err != nil || a.Reference != "declined" {
		t.Errorf("got %d, %+v, %v", status, a, err)
	}
	for _, silent := range []int{202, 204} {
		c, _ = party(t, says(silent, ""))
		if status, err = c.Ask(t.Context(), first, post(silent), &a); status != silent || err != nil {
			t.Errorf("got %d, %v", status, err)
		}
	}
}

func TestALaterTryLooksForWhatAnEarlierOneDidBeforeItAsks(t *testing.T) {
	t.Parallel()
	const inquired, posted = "GET /payments/e1 e1", `POST /payments e1 {"card":"secret"}`
	for name, c := range map[string]struct {
		inquiry int
		asked   []string
		err     bool
	}{
		"done":         {200, []string{inquired}, false},
		"never seen":   {404, []string{inquired, posted}, false},
		"not known":    {503, []string{inquired}, true},
		"under way":    {409, []string{inquired}, true},
		"not for us":   {401, []string{inquired}, true},
		"moved away":   {302, []string{inquired}, true},
		"unclear":      {204, []string{inquired}, true},
		"gone forever": {410, []string{inquired}, true},
	} {
		client, heard := party(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(c.inquiry)
			}
			io.WriteString(w, `{}`)
		})
		_, err := client.Ask(t.Context(), second, post(200), &answer{})
		if (err != nil) != c.err || !slices.Equal(heard(), c.asked) {
			t.Errorf("%s: asked %q, want %q; %v", name, heard(), c.asked, err)
		}
	}
	client, heard := party(t, says(200, `{}`))
	_, err := client.Ask(t.Context(), second, Question{Method: http.MethodDelete, Path: "/payments/r1", Answers: []int{200}}, nil)
	if err != nil || !slices.Equal(heard(), []string{"DELETE /payments/r1 e1"}) {
		t.Errorf("asked %q, %v", heard(), err)
	}
}

// kind returns the engine's interpretation of an error.
func kind(err error) string {
	switch {
	case err == nil:
		return "an answer"
	case engine.IsRefused(err):
		return "refused"
	case strings.Contains(err.Error(), "ask again in "):
		return err.Error()[strings.Index(err.Error(), "ask again in "):]
	}
	return "unknown"
}

func TestEachStatusHasItsOutcome(t *testing.T) {
	t.Parallel()
	refused := []int{400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424,
		426, 428, 431, 451, 499}
	unknown := []int{201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 303, 304, 307, 308, 408, 409, 425, 429, 500, 501, 502,
		503, 504, 507, 508, 511, 599, 600, 999}
	for want, statuses := range map[string][]int{"refused": refused, "unknown": unknown, "an answer": {200}} {
		for _, status := range statuses {
			c, heard := party(t, says(status, `{}`, "Location", "/elsewhere"))
			if _, err := c.Ask(t.Context(), first, post(200), &answer{}); kind(err) != want {
				t.Errorf("status %d: %s (%v), want %s", status, kind(err), err, want)
			}
			if len(heard()) != 1 {
				t.Errorf("status %d: asked %q", status, heard())
			}
		}
	}
	c, _ := party(t, says(404, `{}`))
	_, err := c.Ask(t.Context(), first, Question{Method: http.MethodGet, Path: "/x", Answers: []int{200}}, nil)
	if kind(err) != "unknown" {
		t.Errorf("status 404 for an inquiry: %s (%v), want unknown", kind(err), err)
	}
}

func TestWhoSaysWhenToAskAgainIsAskedThen(t *testing.T) {
	t.Parallel()
	const at, sent = "Mon, 02 Jan 2040 03:04:25 GMT", "Mon, 02 Jan 2040 03:04:05 GMT"
	for name, c := range map[string]struct {
		status  int
		headers []string
		want    string
	}{
		"seconds":                 {429, []string{"Retry-After", "7"}, "ask again in 7s"},
		"408":                     {408, []string{"Retry-After", "7"}, "ask again in 7s"},
		"425":                     {425, []string{"Retry-After", "7"}, "ask again in 7s"},
		"503":                     {503, []string{"Retry-After", "7"}, "ask again in 7s"},
		"at most a minute":        {429, []string{"Retry-After", "86400"}, "ask again in 1m0s"},
		"a date by its own clock": {429, []string{"Retry-After", at, "Date", sent}, "ask again in 20s"},
		"a date far away":         {429, []string{"Retry-After", "Mon, 02 Jan 2040 04:04:05 GMT", "Date", sent}, "ask again in 1m0s"},
		"a date gone by":          {429, []string{"Retry-After", sent, "Date", at}, "unknown"},
		"at once":                 {429, []string{"Retry-After", "0"}, "unknown"},
		"before now":              {429, []string{"Retry-After", "-5"}, "unknown"},
		"in words":                {429, []string{"Retry-After", "soon"}, "unknown"},
		"without end":             {429, []string{"Retry-After", "99999999999999999999"}, "unknown"},
		"not at all":              {429, nil, "unknown"},
		"where it means nothing":  {500, []string{"Retry-After", "7"}, "unknown"},
		"of what is refused":      {400, []string{"Retry-After", "7"}, "refused"},
	} {
		client, _ := party(t, says(c.status, `{}`, c.headers...))
		if _, err := client.Ask(t.Context(), first, post(200), &answer{}); kind(err) != c.want {
			t.Errorf("%s: %s (%v), want %s", name, kind(err), err, c.want)
		}
	}
}

func TestWhatIsNotTheJSONExpectedIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{`, `{}{}`, `secret`, `[]`, `"secret"`, `{"amount":"secret"}`, `{"amount":1e30}`,
		`{"amount":1.5}`, `{"reference":7}`, `{"reference":"` + strings.Repeat("x", maxAnswer) + `"}`} {
		c, _ := party(t, says(200, body))
		_, err := c.Ask(t.Context(), first, post(200), &answer{})
		if kind(err) != "unknown" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: %s (%v), want an error that does not repeat it", body, kind(err), err)
		}
	}
}

func TestAnAnswerWithoutEndIsReadNoFurtherThanAnAnswerMayBeLong(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 400, 500} {
		wrote, cut := 0, make(chan bool, 1)
		c, _ := party(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for chunk := []byte(strings.Repeat(" ", 32<<10)); ; wrote += len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					cut <- true
					return
				}
			}
		})
		if _, err := c.Ask(t.Context(), first, post(200), &answer{}); kind(err) != "unknown" {
			t.Errorf("status %d: %s (%v)", status, kind(err), err)
		}
		select {
		case <-cut:
		case <-time.After(2 * time.Minute):
			t.Fatalf("status %d: the party could write on", status)
		}
		if wrote > 64<<20 {
			t.Errorf("status %d: the party got rid of %d bytes", status, wrote)
		}
	}
	c, _ := party(t, says(200, `{}`, "X-Long", strings.Repeat("x", 2*maxAnswer)))
	if _, err := c.Ask(t.Context(), first, post(200), &answer{}); kind(err) != "unknown" {
		t.Errorf("a long head: %s (%v)", kind(err), err)
	}
}

func TestErrorsRepeatNothingOfWhatWasSentOrCameBack(t *testing.T) {
	t.Parallel()
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			line, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			io.WriteString(line, text)
			line.Close()
		}
	}
	hears := map[string]http.HandlerFunc{
		"no HTTP":      raw("secret\r\n\r\n"),
		"a bad status": raw("HTTP/1.1 secret\r\n\r\n"),
		"a bad header": raw("HTTP/1.1 200 OK\r\nsecret\r\n\r\n"),
		"a cut answer": raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"reference\":\"secret\""),
		"a redirect":   says(307, "", "Location", "http://secret.example/"),
	}
	for _, status := range []int{200, 400, 409, 422, 429, 500, 503} {
		hears[fmt.Sprint(status)] = says(status, `secret e1 /payments`, "Retry-After", "secret")
	}
	for name, handle := range hears {
		c, heard := party(t, handle)
		q := post(200)
		q.Path = "/secret"
		_, err := c.Ask(t.Context(), first, q, &answer{})
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "bank: POST: ") {
			t.Errorf("%s: %v", name, err)
		}
		if len(heard()) != 1 {
			t.Errorf("%s: asked %d times", name, len(heard()))
		}
	}
	for _, c := range []*Client{New("bank", "http://127.0.0.1:1/secret"), New("bank", "http://secret\x7f")} {
		_, err := c.Ask(t.Context(), first, post(200), nil)
		if kind(err) != "unknown" || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}

func TestAPartyThatSaysNothingIsLeftInTime(t *testing.T) {
	t.Parallel()
	c, heard := party(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Idempotency-Key") == "half" {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	c.http.Timeout = 50 * time.Millisecond
	for _, id := range []string{"all", "half"} {
		_, err := c.Ask(t.Context(), engine.Attempt{ID: id, Number: 1}, post(200), &answer{})
		if kind(err) != "unknown" || !strings.HasSuffix(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", id, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.http.Timeout = timeout
	before := len(heard())
	go func() {
		for len(heard()) <= before {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := c.Ask(ctx, first, post(200), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled by the caller: %v", err)
	}
}

func TestAnAddressWhereNobodyListensIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, err = New("bank", "http://"+address).Ask(t.Context(), first, post(200), nil)
	if err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("got %v, want it to name %s", err, address)
	}
}
