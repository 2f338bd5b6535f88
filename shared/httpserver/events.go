package httpserver

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Event is one server-sent event. A client that reconnects sends the last ID in Last-Event-ID.
type Event struct {
	ID   string
	Name string
	Data []byte
}

// KeepAlive is the interval of comments in an idle stream, so that no proxy closes it.
const KeepAlive = 15 * time.Second

const streamWrite = 10 * time.Second

// Stream sends events until the channel is closed, the client leaves, or the server stops. The ctx given to source ends
// with the stream. The server's time-outs do not apply to it, but a client that does not read for ten seconds is
// disconnected.
func Stream(c *gin.Context, source func(ctx context.Context) <-chan Event) {
	ctx, cancel := context.WithCancel(c.Request.Context())
	defer cancel()
	if streams, ok := ctx.Value(streamsKey{}).(context.Context); ok {
		defer context.AfterFunc(streams, cancel)()
	}
	c.Set(streamMark, true)
	control := http.NewResponseController(c.Writer)
	// The read deadline as well: when it passes, net/http ends the request's context.
	_ = control.SetReadDeadline(time.Time{})
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	if isHead(ctx) {
		return
	}
	send := func(text []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(streamWrite))
		if _, err := c.Writer.Write(text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	alive := time.NewTicker(KeepAlive)
	defer alive.Stop()
	events := source(ctx)
	for open := send([]byte(": open\n\n")); open; {
		select {
		case <-ctx.Done():
			return
		case event, more := <-events:
			open = more && send(event.bytes())
		case <-alive.C:
			open = send([]byte(": alive\n\n"))
		}
	}
}

var (
	oneLine  = strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ")
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

func (e Event) bytes() []byte {
	var out bytes.Buffer
	if e.ID != "" {
		fmt.Fprintf(&out, "id: %s\n", oneLine.Replace(e.ID))
	}
	if e.Name != "" {
		fmt.Fprintf(&out, "event: %s\n", oneLine.Replace(e.Name))
	}
	for line := range strings.SplitSeq(lineEnds.Replace(string(e.Data)), "\n") {
		fmt.Fprintf(&out, "data: %s\n", line)
	}
	out.WriteByte('\n')
	return out.Bytes()
}
