// Package api is the fraud service's HTTP API for operators: listing the orders in review, and deciding one. It is no part of
// the shop; customers only see that their order is in review.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
)

// Reviews is what the routes need.
type Reviews interface {
	// Open lists at most limit open reviews that come after the order named.
	Open(ctx context.Context, after string, limit int) ([]fraud.Case, error)
	// Of returns the case of one order, blank if there is none.
	Of(ctx context.Context, order string) (fraud.Case, error)
	// Decide applies an operator's decision; decided is false if no review was open, and the case tells why.
	Decide(ctx context.Context, order string, d fraud.Decision) (now fraud.Case, decided bool, err error)
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

// Register adds the routes.
func Register(routes *openapi.Routes, keys *idempotency.Keys, r Reviews) {
	open := huma.Operation{OperationID: "list-reviews", Method: http.MethodGet, Path: "/v1/reviews", Tags: []string{"Reviews"},
		Summary: "List the orders that wait for a person's decision"}
	openapi.Link(&open, http.StatusOK, "/items/0/order", "order", "decide-review")
	openapi.Handle[openapi.Paged, openapi.Body[page]](routes, open, func(c *gin.Context) { list(c, r) })
	op := huma.Operation{OperationID: "decide-review", Method: http.MethodPost, Path: "/v1/reviews/:order",
		Tags: []string{"Reviews"}, Summary: "Let an order pass, or reject it"}
	openapi.TakesKey(&op, true)
	openapi.Handle[struct {
		Order string `path:"order" doc:"The order's id"`
		Body  decision
	}, openapi.Body[review]](routes, op, keys.Handler(idempotency.Rule{Optional: true}, func(c *gin.Context) { decide(c, r) }))
}

type decision struct {
	Approve *bool  `json:"approve" nullable:"false"`
	Reason  string `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"For the audit"`
}

type review struct {
	Order    string       `json:"order"`
	Status   fraud.Status `json:"status"`
	Score    int64        `json:"score"`
	Rules    []string     `json:"rules"`
	RuleSet  string       `json:"rule_set,omitempty" doc:"The rules that were applied: their name and version"`
	Since    time.Time    `json:"since"`
	Due      time.Time    `json:"due" doc:"When it is rejected, if nobody decides"`
	By       string       `json:"by,omitempty"`
	Operator string       `json:"operator,omitempty"`
}

func view(c fraud.Case) review {
	return review{Order: c.Order, Status: c.Status, Score: c.Score, Rules: c.Rules, RuleSet: c.RuleSet, Since: c.Since, Due: c.Due(),
		By: c.By, Operator: c.Operator}
}

type page struct {
	Items      []review `json:"items"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

func list(c *gin.Context, r Reviews) {
	q, after := httpserver.NewQuery(c), ""
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&after)
	if q.Refused() {
		return
	}
	cases, err := r.Open(c.Request.Context(), after, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	p := page{Items: []review{}}
	if len(cases) > limit {
		cases = cases[:limit]
		p.NextCursor = httpserver.EncodeCursor(cases[limit-1].Order)
	}
	for _, one := range cases {
		p.Items = append(p.Items, view(one))
	}
	c.JSON(http.StatusOK, p)
}

func decide(c *gin.Context, r Reviews) {
	var body decision
	if p := httpserver.DecodeJSON(c, &body); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	if body.Approve == nil { // null
		httpserver.WriteProblem(c, httpserver.Invalid(httpserver.Fault{Detail: "want true or false", Location: "body.approve"}))
		return
	}
	ctx, order := c.Request.Context(), c.Param("order")
	// The lookup comes first, so that a command about an unknown order leaves no row behind.
	now, err := r.Of(ctx, order)
	asked := idempotency.Of(ctx)
	decision := fraud.Decision{Approve: *body.Approve, By: httpserver.Subject(ctx), Request: (*schemas.Request)(asked.Origin())}
	decided := asked.IsRepeated() && now.IsDecidedBy(decision)
	if err == nil && now.Status == fraud.InReview {
		if p := asked.Begin(ctx); p != nil {
			httpserver.WriteProblem(c, p)
			return
		}
		if now, decided, err = r.Decide(ctx, order, decision); err != nil {
			asked.Failed(err)
		}
	}
	switch {
	case err != nil:
		httpserver.WriteUnavailable(c, err)
	case decided:
		c.JSON(http.StatusOK, view(now))
	case now.Since.IsZero():
		httpserver.WriteProblem(c, httpserver.NotFound("there is no review of this order"))
	case now.Status == fraud.Closed:
		httpserver.WriteProblem(c, httpserver.Conflict("review-closed", "the order was cancelled; there is nothing left to decide"))
	default:
		httpserver.WriteProblem(c, httpserver.Conflict("review-decided", "this review is decided already"))
	}
}
