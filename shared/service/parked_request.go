package service

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver"
)

// read decodes the body of a changing request. Its Idempotency-Key is looked up before the body is judged.
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

func isUUID(text string) bool { return uuid.Validate(text) == nil }
