package trial

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Caller sends requests to one listener with one token.
type Caller struct {
	URL   string
	Token string
}

// Answer is a response.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

var client = &http.Client{Timeout: Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// Send sends a request. A body that is a string goes as it is, any other as JSON; headers are "Name: value". Of a stream of
// events the answer has the first line: some do not end.
func (c Caller) Send(method, path string, body any, headers ...string) (Answer, error) {
	var data []byte
	switch b := body.(type) {
	case nil:
	case string:
		data = []byte(b)
	default:
		var err error
		if data, err = json.Marshal(b); err != nil {
			return Answer{}, err
		}
	}
	req, err := http.NewRequest(method, c.URL+path, bytes.NewReader(data))
	if err != nil {
		return Answer{}, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") == "text/event-stream" && method != http.MethodHead {
		line, err := bufio.NewReader(res.Body).ReadString('\n')
		return Answer{Status: res.StatusCode, Header: res.Header, Body: line}, err
	}
	text, err := io.ReadAll(res.Body)
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(text)}, err
}

// Must sends a request and fails the test unless the answer has this status.
func (c Caller) Must(t testing.TB, status int, method, path string, body any, headers ...string) Answer {
	t.Helper()
	a, err := c.Send(method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}

// Read decodes the JSON body of an answer.
func Read[T any](t testing.TB, a Answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("not the JSON expected: %v in %s", err, a.Body)
	}
	return v
}

// Patience is the timeout of every wait, for a machine that is busy with other things.
const Patience = 2 * time.Minute

// Await polls until the condition holds. It is for conditions outside this process or without a signal.
func Await(t testing.TB, what string, yes func() (bool, string)) {
	t.Helper()
	if err := await(what, yes); err != nil {
		t.Fatal(err)
	}
}

func await(what string, yes func() (bool, string)) error {
	deadline := time.Now().Add(Patience)
	for {
		ok, seen := yes()
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not after %v; seen last: %s", what, Patience, seen)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
