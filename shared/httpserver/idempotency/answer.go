package idempotency

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// heldWriter buffers the answer of a handler. Headers are passed on.
type heldWriter struct {
	gin.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *heldWriter) WriteHeader(status int) {
	if status > 0 {
		w.status = status
	}
}
func (w *heldWriter) WriteHeaderNow()                     {}
func (w *heldWriter) Write(p []byte) (int, error)         { return w.body.Write(p) }
func (w *heldWriter) WriteString(s string) (int, error)   { return w.body.WriteString(s) }
func (w *heldWriter) ReadFrom(r io.Reader) (int64, error) { return w.body.ReadFrom(r) }
func (w *heldWriter) Flush()                              {}
func (w *heldWriter) Written() bool                       { return w.body.Len() > 0 }
func (w *heldWriter) Size() int                           { return w.body.Len() }

func (w *heldWriter) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *heldWriter) answer() Answer {
	h := w.Header()
	return Answer{Status: w.Status(), Location: h.Get("Location"), ContentType: h.Get("Content-Type"), Body: w.body.Bytes()}
}

func (a Answer) write(c *gin.Context, replayed bool) {
	h := c.Writer.Header()
	for name, value := range map[string]string{"Location": a.Location, "Content-Type": a.ContentType} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	c.Writer.WriteHeader(a.Status)
	_, _ = c.Writer.Write(a.Body) // the caller may have closed the connection
}

// fingerprintOf is equal for equal requests and reveals nothing of them. The body can be read again afterwards.
func fingerprintOf(r *http.Request) ([]byte, *httpserver.Problem) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, httpserver.Malformed(httpserver.Fault{Detail: "the body could not be read to its end", Location: "body"})
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.New()
	_, _ = io.WriteString(sum, r.URL.RequestURI()+"\n")
	_, _ = sum.Write(canonical(body))
	return sum.Sum(nil), nil
}

// canonical returns a JSON text in one spelling, with sorted fields and without blanks, and any other text unchanged.
func canonical(body []byte) []byte {
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&tree) != nil {
		return body
	}
	if _, err := decoder.Token(); err != io.EOF {
		return body
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return body
	}
	return text
}
