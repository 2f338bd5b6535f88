package httpserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// tagAnswers gives each JSON representation read under /v1/ an entity tag, and answers 304 if the client has it already.
// Tags are weak: the same representation may be sent compressed or not.
func tagAnswers(c *gin.Context) {
	if c.Request.Method != http.MethodGet || !strings.HasPrefix(c.FullPath(), "/v1/") {
		return
	}
	held := &heldWriter{ResponseWriter: c.Writer}
	c.Writer = held
	defer func() { c.Writer = held.ResponseWriter }() // also when a handler panics
	c.Next()
	c.Writer = held.ResponseWriter
	if held.body.Len() == 0 {
		return
	}
	tag := etag(held.body.Bytes())
	c.Header("ETag", tag)
	if c.GetHeader("Authorization") == "" && Subject(c.Request.Context()) == "" {
		c.Header("Cache-Control", "no-cache")
	} else {
		c.Header("Cache-Control", "private, no-cache")
	}
	if matches(c.Request.Header.Values("If-None-Match"), tag) {
		c.Writer.Header().Del("Content-Type")
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	_, _ = c.Writer.Write(held.body.Bytes()) // the caller may have closed the connection
}

func etag(representation []byte) string {
	sum := sha256.Sum256(representation)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// matches tells whether If-None-Match contains the tag, by the weak comparison of RFC 9110.
func matches(ifNoneMatch []string, tag string) bool {
	for one := range strings.SplitSeq(strings.Join(ifNoneMatch, ","), ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// heldWriter buffers a JSON representation until it is complete. Anything else, such as a stream, is passed on at once.
type heldWriter struct {
	gin.ResponseWriter
	body    bytes.Buffer
	through bool
}

func (w *heldWriter) holds() bool {
	if w.body.Len() == 0 && !w.through {
		w.through = w.Status() != http.StatusOK || !IsJSON(w.Header().Get("Content-Type"))
	}
	return !w.through
}

func (w *heldWriter) Write(p []byte) (int, error) {
	if w.holds() {
		return w.body.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

func (w *heldWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func (w *heldWriter) WriteHeaderNow() {
	if !w.holds() {
		w.ResponseWriter.WriteHeaderNow()
	}
}

func (w *heldWriter) Flush() {
	if !w.holds() {
		w.ResponseWriter.Flush()
	}
}

func (w *heldWriter) Written() bool { return w.body.Len() > 0 || w.ResponseWriter.Written() }

// Unwrap lets streams set the connection's deadlines.
func (w *heldWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
