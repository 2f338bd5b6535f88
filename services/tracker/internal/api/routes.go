package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/httpserver/openapi"
)

type sagasInput struct {
	openapi.Paged
	filterInput
}

type filterInput struct {
	Orders    []string  `query:"orders" maxItems:"200" doc:"Only those of these orders"`
	State     string    `query:"state" enum:"placed,in_review,backordered,confirmed,preparing,cancelling,shipped,delivered,completed,rejected,cancelled,returned" doc:"Only sagas in this state"`
	Open      bool      `query:"open" doc:"Only those that have ended, or have not"`
	Stuck     bool      `query:"stuck" doc:"Only those that are stuck, or are not"`
	Attention bool      `query:"attention" doc:"Only those that are stuck, owe what is overdue, have something put aside or wait for a person, or no such"`
	Q         string    `query:"q" doc:"What the order's id begins with"`
	Reason    string    `query:"reason" doc:"Only those turned back for this reason"`
	Service   string    `query:"service" doc:"Only those that this service owes something"`
	Cause     string    `query:"cause" enum:"parked,consumer_behind,outside_party,publisher_behind,never_produced" doc:"Only those of which something is overdue for this cause"`
	Customer  string    `query:"customer" doc:"Only those that this customer ordered"`
	SKU       string    `query:"sku" doc:"Only those with a line of this product"`
	From      time.Time `query:"from" doc:"Only those that began then or later"`
	To        time.Time `query:"to" doc:"Only those that began before"`
}

type seriesInput struct {
	Step string `query:"step" enum:"1s,1m" default:"1s" doc:"1s: a quarter of an hour by seconds; 1m: a day by minutes"`
}

type orderInput struct {
	Order string `path:"order" doc:"The order's id"`
}

type obligationsInput struct {
	openapi.Paged
	Overdue bool   `query:"overdue" doc:"Only those that are overdue, or are not"`
	Service string `query:"service" doc:"Only what this service owes"`
	Kind    string `query:"kind" enum:"reaction,call,deadline,publication,decision"`
	Cause   string `query:"cause" enum:"parked,consumer_behind,outside_party,publisher_behind,never_produced" doc:"Only what is overdue for this cause"`
	Order   string `query:"order" doc:"Only what is owed to this order"`
}

type deadlinesInput struct {
	openapi.Paged
	Overdue bool   `query:"overdue" doc:"Only those that are overdue, or are not"`
	Service string `query:"service" doc:"Only those of this service"`
	Order   string `query:"order" doc:"Only those of this order"`
}

type deadlineInput struct {
	ID string `path:"id" doc:"The id of the event from which it runs"`
}

type due struct {
	DueAt  *time.Time `json:"due_at" nullable:"false" doc:"When it is to be due instead"`
	Reason string     `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"For the audit"`
}

type moveInput struct {
	ID   string `path:"id" doc:"The id of the event from which it runs"`
	Body due
}

type takeOffInput struct {
	deadlineInput
	Reason string `query:"reason" maxLength:"500" doc:"For the audit"`
}

// Register adds the routes. services are the names of those that have a choreography; choreography is that, as it is declared, as
// JSON.
func Register(to *openapi.Routes, sagas Sagas, services []string, choreography []byte) {
	r := &routes{sagas: sagas, services: services}
	op := func(method, path, id, tag, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tag}, Summary: summary}
	}
	sagaList := op(http.MethodGet, "/v1/sagas", "list-sagas", "Sagas", "List the sagas, the newest first")
	openapi.Link(&sagaList, http.StatusOK, "/items/0/order", "order", "get-saga")
	openapi.Handle[sagasInput, openapi.Body[page[tracker.Summary]]](to, sagaList, r.listSagas)
	openapi.Handle[filterInput, openapi.Body[tracker.Facets]](to,
		op(http.MethodGet, "/v1/sagas/facets", "count-sagas", "Sagas", "Count the sagas by state, cause, service and reason"), r.facets)
	openapi.Handle[struct{}, openapi.Body[tracker.Overview]](to,
		op(http.MethodGet, "/v1/overview", "read-overview", "Sagas", "Read what needs a person, and how much is under way"), r.overview)
	openapi.Handle[seriesInput, openapi.Body[tracker.Series]](to,
		op(http.MethodGet, "/v1/overview/series", "read-series", "Sagas", "Read the figures of the last quarter of an hour, or day"),
		r.series)
	openapi.Handle[struct{}, openapi.Body[tracker.Flow]](to, op(http.MethodGet, "/v1/flow", "read-flow", "Sagas",
		"Read how much goes from service to service, and who does not keep up"), r.flow)
	openapi.Handle[orderInput, openapi.Body[tracker.Saga]](to,
		op(http.MethodGet, "/v1/sagas/:order", "get-saga", "Sagas", "Read what happened because of an order, and what is owed"), r.saga)
	openapi.Handle[obligationsInput, openapi.Body[page[tracker.Obligation]]](to,
		op(http.MethodGet, "/v1/obligations", "list-obligations", "Sagas", "List who owes what until when"), r.listObligations)
	deadlines := op(http.MethodGet, "/v1/deadlines", "list-deadlines", "Deadlines", "List the deadlines that run")
	openapi.Link(&deadlines, http.StatusOK, "/items/0/id", "id", "get-deadline", "move-deadline", "take-off-deadline")
	openapi.Handle[deadlinesInput, openapi.Body[page[tracker.Deadline]]](to, deadlines, r.listDeadlines)
	openapi.Handle[deadlineInput, openapi.Body[tracker.Deadline]](to, conflicting(
		op(http.MethodGet, "/v1/deadlines/:id", "get-deadline", "Deadlines", "Read a deadline")), r.deadline)
	openapi.Handle[moveInput, openapi.Body[tracker.Deadline]](to, conflicting(
		op(http.MethodPatch, "/v1/deadlines/:id", "move-deadline", "Deadlines", "Move a deadline")), r.move)
	openapi.Handle[takeOffInput, openapi.Body[tracker.Deadline]](to, conflicting(
		op(http.MethodDelete, "/v1/deadlines/:id", "take-off-deadline", "Deadlines", "Take a deadline off")), r.takeOff)
	registerAudit(to, r)
	registerStream(to, r)
	openapi.Handle[struct{}, openapi.Body[map[string]any]](to,
		op(http.MethodGet, "/v1/choreography", "get-choreography", "Sagas", "Read what each service does about each event"),
		func(c *gin.Context) { c.Data(http.StatusOK, "application/json", choreography) })
}

// conflicting is an operation that a deadline may be too late for.
func conflicting(op huma.Operation) huma.Operation {
	op.Errors = []int{http.StatusConflict}
	return op
}
