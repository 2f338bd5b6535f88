package httpserver

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

type (
	requestIDKey struct{}
	headKey      struct{}
)

var requestID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// RequestID is the id of a request in its answer, in logs and in problems: its sender's X-Request-Id or a generated one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// prepare sets the headers of every answer and the values of every request's context.
func (s *Server) prepare() gin.HandlerFunc {
	return func(c *gin.Context) {
		id := c.GetHeader("X-Request-Id")
		if !requestID.MatchString(id) {
			id = uuid.NewString()
		}
		c.Header("X-Request-Id", id)
		c.Header("X-Content-Type-Options", "nosniff")
		c.Header("Cache-Control", "no-store")
		ctx := context.WithValue(c.Request.Context(), requestIDKey{}, id)
		if trace := parseTraceParent(c.Request.Header.Values("traceparent")); trace != "" {
			ctx = WithTraceParent(ctx, trace)
		}
		c.Request = c.Request.WithContext(ctx)
		if c.Request.URL.RawPath != "" { // routes are matched on it, so that an escaped slash does not separate segments
			for i, p := range c.Params {
				if text, err := url.PathUnescape(p.Value); err == nil {
					c.Params[i].Value = text
				}
			}
		}
	}
}

// refuseUnreadable runs after cors, so that a page may read the reason.
func refuseUnreadable(c *gin.Context) {
	if p := refuseBytes(c.Request); p != nil {
		WriteProblem(c, p)
	}
}

// readHeaders are the headers whose values leave this package. Idempotency-Key has a check of its own.
var readHeaders = []string{"Accept", "Authorization", "Content-Type", "If-None-Match", "Last-Event-ID",
	"Traceparent", "Tracestate", "X-Request-Id"}

// refuseBytes finds input that no handler, log or database should get: bytes that are not text, control characters, and
// characters that change how others are read. The content of a path is checked by its route, if it is text.
func refuseBytes(r *http.Request) *Problem {
	if !utf8.ValidString(r.URL.Path) {
		p := NotFound("there is no such resource")
		p.Errors = []Fault{{Detail: "want text in UTF-8", Location: "path"}}
		return p
	}
	var faults []Fault
	malformed := false
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		malformed = true
		faults = append(faults, Fault{Location: "query",
			Detail: "not well-formed: want name=value, joined by &, with %-escapes of two hexadecimal digits"})
	}
	for name, values := range query {
		place := "query"
		if fieldName.MatchString(name) {
			place += "." + name
		}
		for _, value := range append(values, name) {
			wrong := UnusableText(value)
			malformed = malformed || !utf8.ValidString(value)
			if wrong == "" && strings.TrimSpace(value) != "" && !visible(value) {
				wrong = "want more than characters that cannot be seen"
			}
			if wrong != "" {
				faults = AddFaults(faults, Fault{Detail: wrong, Location: place})
			}
		}
	}
	for _, name := range readHeaders {
		if slices.ContainsFunc(r.Header.Values(name), func(v string) bool {
			return strings.ContainsFunc(v, func(r rune) bool { return (r < ' ' || r > '~') && r != '\t' })
		}) {
			malformed = true
			faults = append(faults, Fault{Detail: "want printable ASCII characters", Location: "header." + name})
		}
	}
	if len(r.Header.Values("Idempotency-Key")) > 1 {
		malformed = true
		faults = append(faults, Fault{Detail: "want the header once", Location: "header.Idempotency-Key"})
	}
	switch {
	case faults == nil:
		return nil
	case !malformed:
		return Invalid(faults...)
	}
	return NewProblem(http.StatusBadRequest, "malformed", "the request cannot be read as it is; errors lists every fault", faults...)
}

// methods answers HEAD like GET, without the body, which net/http omits.
func methods(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

func isHead(ctx context.Context) bool { return ctx.Value(headKey{}) != nil }

// otherMethod answers OPTIONS with the allowed methods, and any other method that the route lacks with 405. gin has set
// Allow.
func otherMethod(c *gin.Context) {
	allow := c.Writer.Header().Get("Allow")
	if strings.Contains(allow, http.MethodGet) && !strings.Contains(allow, http.MethodHead) {
		allow += ", " + http.MethodHead
	}
	c.Header("Allow", allow)
	if c.Request.Method == http.MethodOptions {
		c.Header("Allow", allow+", "+http.MethodOptions)
		c.Status(http.StatusNoContent)
		return
	}
	WriteProblem(c, NewProblem(http.StatusMethodNotAllowed, "method-not-allowed", "the resource exists, but not with this method"))
}
