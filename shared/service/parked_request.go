package service

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver"
)

// read decodes the body of a request that changes something. Its Idempotency-Key is looked up before the body is judged.
func (r *parkedRoutes) read(c *gin.Context, body any) (o parked.Origin, problem *httpserver.Problem) {
	o.By = httpserver.Subject(c.Request.Context())
	var data []byte
	if c.Request.Body != nil {
		var err error
		if data, err = io.ReadAll(c.Request.Body); err != nil {
			return o, httpserver.Malformed(httpserver.Fault{Detail: "the body could not be read to its end", Location: "body"})
		}
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(data))
	sum := sha256.Sum256(append([]byte(c.FullPath()+"\n"), data...))
	o.Digest = hex.EncodeToString(sum[:])
	if header := c.GetHeader("Idempotency-Key"); header != "" {
		if o.Key, problem = httpserver.IdempotencyKey(header); problem != nil {
			return o, problem
		}
		if err := r.services.CheckKey(c.Request.Context(), o); err != nil {
			if refusal, ok := err.(*parked.Refusal); ok {
				return o, problemOf(c, refusal)
			}
			_ = c.Error(err)
			return o, httpserver.Unavailable()
		}
	}
	return o, httpserver.DecodeJSON(c, body)
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

// listQuery reads the parameters of a list and gathers what is wrong with them.
type listQuery struct {
	*gin.Context
	faults []httpserver.Fault
}

func (q *listQuery) fault(name, detail string) {
	q.faults = append(q.faults, httpserver.Fault{Detail: detail, Location: "query." + name})
}

// knows refuses every parameter but these, so that a misspelt filter does not pass for none.
func (q *listQuery) knows(names ...string) {
	for given := range q.Request.URL.Query() {
		if given != "limit" && given != "cursor" && !slices.Contains(names, given) {
			q.faults = append(q.faults, httpserver.Fault{Detail: "there is a parameter that this list does not have", Location: "query"})
		}
	}
}

func (q *listQuery) limit() int {
	text, given := q.GetQuery("limit")
	if !given {
		return defaultLimit
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		q.fault("limit", "want a number from 1 to "+strconv.Itoa(maxLimit))
	}
	return n
}

func (q *listQuery) yes(name string) bool {
	text := q.Query(name)
	if text != "" && text != "true" && text != "false" {
		q.fault(name, "want true or false")
	}
	return text == "true"
}

func (q *listQuery) cursor(into any) {
	if text := q.Query("cursor"); text != "" {
		if err := httpserver.DecodeCursor(text, into); err != nil {
			q.fault("cursor", err.Error())
		}
	}
}

// refused answers where something is wrong.
func (q *listQuery) refused() bool {
	if q.faults == nil {
		return false
	}
	httpserver.WriteProblem(q.Context, httpserver.Invalid(q.faults...))
	return true
}

func isUUID(text string) bool { return uuid.Validate(text) == nil }
