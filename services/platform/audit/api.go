package audit

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver/openapi"
)

// Register adds GET /v1/conservation: what the ledger says by now, for operators. It always answers; where a database or
// the broker is down, error says so, and the rest is what was known before.
func Register(r *openapi.Routes, l *Ledger) {
	openapi.Handle[struct{}, openapi.Body[State]](r, huma.Operation{
		OperationID: "get-conservation", Method: http.MethodGet, Path: "/v1/conservation", Tags: []string{"Conservation"},
		Summary: "Read whether money and goods are conserved, by what was seen last",
	}, func(c *gin.Context) { c.JSON(http.StatusOK, l.State()) })
}
