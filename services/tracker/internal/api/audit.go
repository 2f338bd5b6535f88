package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

type auditInput struct {
	openapi.Paged
	By   string `query:"by" doc:"Only what this operator did"`
	What string `query:"what" doc:"Only this operation, by its id"`
	On   string `query:"on" doc:"Only what was about this: the id of an order, a deadline, a group, a SKU …"`
}

func registerAudit(to *openapi.Routes, r *routes) {
	openapi.Handle[auditInput, openapi.Body[page[openapi.Act]]](to, huma.Operation{OperationID: "list-audit", Method: http.MethodGet,
		Path: "/v1/audit", Tags: []string{"Audit"}, Summary: "List what operators did, the newest first",
		Description: "Each request that may change something is here before it is begun; without an outcome it is under way, or the " +
			"process that served it ended."}, r.listAudit)
}

func (r *routes) listAudit(c *gin.Context) {
	q, before := httpserver.NewQuery(c, "by", "what", "on"), ""
	limit, f := q.Limit(defaultLimit, maxLimit), watch.ActFilter{By: q.Query("by"), What: q.Query("what"), On: q.Query("on")}
	q.Cursor(&before)
	if q.Refused() {
		return
	}
	list, all, err := r.sagas.Acts(f, before, limit)
	p := page[openapi.Act]{Items: append([]openapi.Act{}, list...), AsOf: time.Now().UTC()}
	if err == nil && !all {
		p.NextCursor = httpserver.EncodeCursor(list[limit-1].ID)
	}
	answer(c, p, err)
}
