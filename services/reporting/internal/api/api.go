// Package api is the reporting service's HTTP API for operators: the journal and its trial balance, the reports of business
// days, what differs from the gateway's settlement, and reading a settlement file again. It changes no entry.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// Books is what the routes need.
type Books interface {
	// Journal lists at most limit entries behind the place, in the order in which money moved.
	Journal(ctx context.Context, r store.Range, after store.Place, limit int) ([]store.Posted, error)
	// EachPosted tells of all entries of the range, in the order in which money moved.
	EachPosted(ctx context.Context, r store.Range, tell func(store.Posted) error) error
	// Balance is the trial balance of all entries.
	Balance(ctx context.Context) ([]event.Total, error)
	// Reports lists at most limit business days, in order.
	Reports(ctx context.Context, from, to string, limit int) ([]store.Report, error)
	// Discrepant lists at most limit orders with a discrepancy, by id, after the one named.
	Discrepant(ctx context.Context, after string, limit int) ([]reporting.Account, error)
	// ReadSettlement has the settlement file of a day read again.
	ReadSettlement(ctx context.Context, day string) error
}

const (
	defaultLimit = 50
	maxLimit     = 200
	csvPage      = 1000 // days that are read at once for CSV, which has no pages
)

// Span are the parameters of a list of days. It is exported for the description, which leaves out what is not.
type Span struct {
	From   string `query:"from" format:"date" doc:"The first business day; without it the list begins with the first there is"`
	To     string `query:"to" format:"date" doc:"The last business day, included; without it the list ends with the last there is"`
	Format string `query:"format" enum:"json,csv" default:"json" doc:"csv: the whole range, without pages; amounts in minor units"`
}

// Register adds the routes.
func Register(routes *openapi.Routes, b Books) {
	read := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"Reports"}, Summary: summary}
	}
	for _, o := range []huma.Operation{
		read("list-journal", "/v1/journal", "List the entries of the journal, as money moved"),
		read("report-journal", "/v1/reports/journal", "List the entries of the journal, as /v1/journal does"),
	} {
		openapi.Handle[struct {
			openapi.Paged
			Span
			Order string `query:"order" doc:"Only the entries of this order"`
		}, openapi.Body[journalPage]](routes, openapi.OrCSV(o), func(c *gin.Context) { journal(c, b) })
	}
	days := openapi.OrCSV(read("list-daily-reports", "/v1/reports/daily", "List the reports of business days"))
	openapi.Link(&days, http.StatusOK, "/items/0/day", "day", "read-settlement")
	openapi.Handle[struct {
		openapi.Paged
		Span
	}, openapi.Body[dayPage]](routes, days, func(c *gin.Context) { daily(c, b) })
	openapi.Handle[struct{}, openapi.Body[balanceAnswer]](routes, read("get-trial-balance", "/v1/reports/balance",
		"Read the trial balance: debits and credits of each account, by currency"), func(c *gin.Context) { balance(c, b) })
	openapi.Handle[openapi.Paged, openapi.Body[discrepancyPage]](routes, read("list-discrepancies", "/v1/reports/discrepancies",
		"List the orders of which the journal and the gateway's settlement differ"), func(c *gin.Context) { discrepancies(c, b) })
	openapi.Handle[struct {
		Day string `path:"day" format:"date" doc:"The business day, as 2026-03-01"`
	}, openapi.Body[requested]](routes, huma.Operation{OperationID: "read-settlement", Method: http.MethodPost,
		Path: "/v1/reports/daily/:day/settlement", Tags: []string{"Reports"}, DefaultStatus: http.StatusAccepted,
		Summary: "Have the gateway's settlement file of a day read again; what it has no more is a discrepancy"},
		func(c *gin.Context) { settle(c, b) })
}

type requested struct {
	Day string `json:"day"`
}

// earliest is the zone in which days begin first. The file of a day to come would be asked for until there is one.
var earliest = time.FixedZone("UTC+14", 14*60*60)

func settle(c *gin.Context, b Books) {
	day := c.Param("day")
	if !isDay(day) || day > time.Now().In(earliest).Format(time.DateOnly) {
		httpserver.WriteProblem(c, httpserver.Invalid(httpserver.Fault{Detail: "want a day that has begun, as 2026-03-01",
			Location: "path.day"}))
		return
	}
	if err := b.ReadSettlement(c.Request.Context(), day); err != nil {
		unavailable(c, err)
		return
	}
	c.JSON(http.StatusAccepted, requested{day})
}

// A year has four digits, so that days sort as texts.
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// days reads the range of a list.
func days(q *httpserver.Query) (from, to string, csv bool) {
	from, to = "0000-01-01", "9999-12-31"
	for name, into := range map[string]*string{"from": &from, "to": &to} {
		text, given := q.GetQuery(name)
		if !given {
			continue
		}
		if *into = text; !isDay(text) {
			q.Fault(name, "want a day as 2026-03-01")
		}
	}
	if isDay(from) && isDay(to) && from > to {
		q.Fault("to", "it is before from")
	}
	return from, to, q.OneOf("format", "json", "csv") == "csv"
}

func unavailable(c *gin.Context, err error) {
	_ = c.Error(err)
	httpserver.WriteProblem(c, httpserver.Unavailable())
}
