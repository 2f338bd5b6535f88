package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
)

// Promotions is what the operators' routes need beside a Reader.
type Promotions interface {
	// Audience counts the customers who want promotions.
	Audience(ctx context.Context) (int64, error)
	// Publish has the promotion offered to them, once.
	Publish(ctx context.Context, id string, p event.PromotionPublishedV1) error
}

// toldTo is a message as operators read it: nothing personal but the customer's id.
type toldTo struct {
	ID         string                       `json:"id"`
	Customer   string                       `json:"customer"`
	Kind       string                       `json:"kind"`
	At         time.Time                    `json:"at"`
	HappenedAt string                       `json:"happened_at,omitempty" doc:"What it tells of"`
	OrderID    string                       `json:"order_id,omitempty"`
	Deliveries []notification.DeliveryState `json:"deliveries" nullable:"false"`
}

type toldPage struct {
	Items      []toldTo `json:"items" nullable:"false"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

type newPromotion struct {
	Title string `json:"title" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" example:"Ten percent off mugs"`
	Text  string `json:"text" minLength:"1" maxLength:"10000" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
}

type publishedPromotion struct {
	ID       string `json:"id" format:"uuid"`
	Audience int64  `json:"audience" doc:"How many customers want promotions by now"`
}

// RegisterOperators adds the routes to the operators' listener.
func RegisterOperators(routes *openapi.Routes, r Reader, keys *idempotency.Keys, p Promotions) {
	openapi.Handle[struct {
		openapi.Paged
		Customer string `query:"customer" maxLength:"128" doc:"Only those to this customer"`
		Order    string `query:"order" maxLength:"128" doc:"Only those about this order"`
	}, openapi.Body[toldPage]](routes, huma.Operation{OperationID: "list-told", Method: http.MethodGet, Path: "/v1/messages",
		Tags: []string{"Messages"}, Summary: "List what customers were told, newest first"}, func(c *gin.Context) { listTold(c, r) })

	op := huma.Operation{OperationID: "publish-promotion", Method: http.MethodPost, Path: "/v1/promotions",
		Tags:          []string{"Messages"},
		DefaultStatus: http.StatusAccepted, Summary: "Send a promotion to the customers who want promotions",
		Description: "Sent at a bounded rate, behind messages about orders. Customers who opt out before do not get it."}
	openapi.TakesKey(&op, false)
	openapi.Handle[struct{ Body newPromotion }, openapi.Body[publishedPromotion]](routes, op,
		keys.Handler(idempotency.Rule{}, func(c *gin.Context) { publish(c, p) }))
}

func listTold(c *gin.Context, r Reader) {
	q, before := httpserver.NewQuery(c, "customer", "order"), store.Place{}
	limit := q.Limit(50, 200)
	q.Cursor(&before)
	if q.Refused() {
		return
	}
	found, err := r.All(c.Request.Context(), c.Query("customer"), c.Query("order"), before, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	page := toldPage{Items: []toldTo{}}
	if len(found) > limit {
		found = found[:limit]
		page.NextCursor = httpserver.EncodeCursor(store.Place{At: found[limit-1].At, ID: found[limit-1].ID})
	}
	for _, m := range found {
		page.Items = append(page.Items, toldTo{ID: m.ID, Customer: m.CustomerID, Kind: m.Message.Kind, At: m.At,
			HappenedAt: m.Message.HappenedAt, OrderID: m.Message.OrderID,
			Deliveries: m.Deliveries()})
	}
	c.JSON(http.StatusOK, page)
}

func publish(c *gin.Context, p Promotions) {
	var body newPromotion
	if problem := httpserver.DecodeJSON(c, &body); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	ctx := c.Request.Context()
	asked := idempotency.Of(ctx)
	audience, err := p.Audience(ctx)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	if audience == 0 && !asked.IsRepeated() {
		httpserver.WriteProblem(c, httpserver.Invalid(httpserver.Fault{Location: "body",
			Detail: "no customer wants promotions: there is nobody to send it to"}))
		return
	}
	if problem := asked.Begin(ctx); problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	err = p.Publish(ctx, asked.ID(), event.PromotionPublishedV1{Title: body.Title, Text: body.Text,
		Operator: httpserver.Subject(ctx),
		Request:  (*schemas.Request)(asked.Origin())})
	if err != nil {
		asked.Failed(err)
		httpserver.WriteUnavailable(c, err)
		return
	}
	c.JSON(http.StatusAccepted, publishedPromotion{ID: asked.ID(), Audience: audience})
}
