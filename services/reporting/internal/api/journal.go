package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/httpserver"
)

type entry struct {
	ID         string           `json:"entry_id" doc:"The id of the event that it records"`
	Order      string           `json:"order"`
	Movement   string           `json:"movement"`
	Reference  string           `json:"reference" doc:"Of the authorisation, the refund or the dispute at the gateway"`
	Line       string           `json:"settlement_line,omitempty" doc:"The line of a payout in the settlement file"`
	HappenedAt string           `json:"happened_at" format:"date-time"`
	Day        string           `json:"day" format:"date"`
	Transfers  []event.Transfer `json:"transfers"`
}

type journalPage struct {
	Items      []entry `json:"items"`
	NextCursor string  `json:"next_cursor,omitempty"`
}

func journal(c *gin.Context, b Books) {
	q, after := httpserver.NewQuery(c, "from", "to", "order", "format"), store.Place{}
	r := store.Range{Order: c.Query("order")}
	var csv bool
	r.From, r.To, csv = days(q)
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&after)
	if q.Refused() {
		return
	}
	if csv {
		journalCSV(c, b, r)
		return
	}
	list, err := b.Journal(c.Request.Context(), r, after, limit+1)
	if err != nil {
		unavailable(c, err)
		return
	}
	p := journalPage{Items: []entry{}}
	if len(list) > limit {
		list = list[:limit]
		p.NextCursor = httpserver.EncodeCursor(store.Place{HappenedAt: list[limit-1].HappenedAt, ID: list[limit-1].ID})
	}
	for _, e := range list {
		p.Items = append(p.Items, entry{e.ID, e.Order, e.Movement, e.Reference, e.Transaction, e.HappenedAt, e.Day, e.Transfers})
	}
	c.JSON(http.StatusOK, p)
}

// journalCSV writes a line for each transfer.
func journalCSV(c *gin.Context, b Books, r store.Range) {
	stream(c, "journal", []string{"happened_at", "day", "entry_id", "order", "movement", "reference", "settlement_line", "debit",
		"credit", "amount", "currency"}, func(write func([]string) error) error {
		return b.EachPosted(c.Request.Context(), r, func(e store.Posted) error {
			for _, t := range e.Transfers {
				if err := write([]string{e.HappenedAt, e.Day, e.ID, e.Order, e.Movement, e.Reference, e.Transaction, t.Debit, t.Credit,
					whole(t.Amount.Amount), t.Amount.Currency}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
