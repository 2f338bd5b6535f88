package httpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// problems is a listener whose connections answer with problems what net/http refuses by itself, before there is a request that a
// handler could see: a path that is not percent-encoded, a broken header, headers that are too large.
type problems struct{ net.Listener }

func (l problems) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return answering{c}, nil
}

type answering struct{ net.Conn }

// CloseWrite lets net/http end what it answers without resetting the connection, which could take the answer with it.
func (c answering) CloseWrite() error {
	if tcp, is := c.Conn.(*net.TCPConn); is {
		return tcp.CloseWrite()
	}
	return nil
}

// plainHeaders are those of net/http's own refusals, which it writes at once. Answers of handlers have a date.
var plainHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

const statusLine = "HTTP/1.1 "

// Write replaces a refusal of net/http by the problem of its status.
func (c answering) Write(p []byte) (int, error) {
	line, _, refused := bytes.Cut(p, plainHeaders)
	if !refused || !bytes.HasPrefix(line, []byte(statusLine)) || bytes.Contains(line, []byte("\n")) {
		return c.Conn.Write(p)
	}
	status, err := strconv.Atoi(string(line[len(statusLine):min(len(line), len(statusLine)+3)]))
	if err != nil {
		return c.Conn.Write(p)
	}
	problem := NewProblem(status, "malformed", "the request line or a header is malformed: is the path percent-encoded, and is "+
		"each header a name and a value?")
	if status == http.StatusRequestHeaderFieldsTooLarge {
		problem = NewProblem(status, "headers-too-large", "the headers are too large: send fewer or shorter ones")
	}
	body, err := json.Marshal(problem)
	if err != nil {
		return c.Conn.Write(p)
	}
	_, err = fmt.Fprintf(c.Conn, "%s%d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nCache-Control: no-store\r\n"+
		"Connection: close\r\n\r\n%s\n", statusLine, status, http.StatusText(status), problem.ContentType(""), len(body)+1, body)
	return len(p), err
}
