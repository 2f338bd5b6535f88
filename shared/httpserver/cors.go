package httpserver

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// The headers that pages of other origins may send, and those of an answer that they may read, beside the simple ones.
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id, traceparent, tracestate"
	corsExposed = "ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id"
)

// cors lets browser pages of the origins in Options send requests, as the Fetch standard defines. Nothing here depends on
// cookies, so credentials are never allowed.
func (s *Server) cors() gin.HandlerFunc {
	anyOrigin := slices.Contains(s.options.Origins, "*")
	return func(c *gin.Context) {
		if len(s.options.Origins) == 0 {
			return
		}
		origin := c.GetHeader("Origin")
		if !anyOrigin {
			c.Writer.Header().Add("Vary", "Origin")
		}
		switch {
		case anyOrigin:
			c.Header("Access-Control-Allow-Origin", "*")
		case slices.Contains(s.options.Origins, origin):
			c.Header("Access-Control-Allow-Origin", origin)
		default:
			return
		}
		c.Header("Access-Control-Expose-Headers", corsExposed)
		if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
			c.Header("Access-Control-Allow-Methods", corsMethods)
			c.Header("Access-Control-Allow-Headers", corsHeaders)
			c.Header("Access-Control-Max-Age", "600")
			c.AbortWithStatus(http.StatusNoContent)
		}
	}
}
