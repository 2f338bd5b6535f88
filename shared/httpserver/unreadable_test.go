package httpserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"orderflow.example/shared/httpserver"
)

// Requests that net/http refuses by itself are answered with a problem like all others, which repeats nothing of them.
func TestARequestThatCannotBeReadAtAllIsAProblem(t *testing.T) {
	t.Parallel()
	s := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0"})
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(t.Context()) })
	for request, want := range map[string]struct {
		status int
		slug   string
	}{
		"GET /v1/products/% HTTP/1.1\r\nHost: x\r\n\r\n":                                        {400, "malformed"},
		"GET /v1/products/%zz HTTP/1.1\r\nHost: x\r\n\r\n":                                      {400, "malformed"},
		"GET /v1/secretpath\x01 HTTP/1.1\r\nHost: x\r\n\r\n":                                    {400, "malformed"},
		"GET / HTTP/1.1\r\nHost: x\r\nno colon secretpath\r\n\r\n":                              {400, "malformed"},
		"GET / HTTP/1.1\r\n\r\n":                                                                {400, "malformed"},
		"GET / HTTP/9.9\r\nHost: x\r\n\r\n":                                                     {505, "malformed"},
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("secretpath", 300_000) + "\r\n\r\n": {431, "headers-too-large"},
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, request) }()
		short := fmt.Sprintf("%.40q", request)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", short, err)
			continue
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != want.status || answer.Header.Get("Content-Type") != "application/problem+json" ||
			!strings.Contains(string(body), "/problems/"+want.slug) || strings.Contains(string(body), "secretpath") {
			t.Errorf("%s: %d %v %s (%v)", short, answer.StatusCode, answer.Header, body, err)
		}
		_ = conn.Close()
	}
}
