package audit

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver/openapi"
)

// Register adds GET /v1/conservation: the ledger's present state, for operators. It always answers; while a database or the
// broker is down, the field error names the reason and the rest is the last known state.
func Register(r *openapi.Routes, l *Ledger) {
	openapi.Handle[struct{}, openapi.Body[State]](r, huma.Operation{
		OperationID: "get-conservation", Method: http.MethodGet, Path: "/v1/conservation", Tags: []string{"Conservation"},
		Summary: "Read whether money and goods are conserved, by what was seen last",
	}, func(c *gin.Context) { c.JSON(http.StatusOK, l.State()) })
}
