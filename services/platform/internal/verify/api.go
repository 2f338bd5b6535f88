package verify

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// Register adds GET /v1/conservation: what the ledger says by now, for operators. It always answers; where a database or
// the broker is down, error says so, and the rest is what was known before.
func Register(s *httpserver.Server, auth *httpserver.Auth, l *Ledger) {
	s.Engine().GET("/v1/conservation", auth.RequireOperator(), func(c *gin.Context) { c.JSON(http.StatusOK, l.State()) })
}
