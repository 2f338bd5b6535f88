package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/reporting"
	"orderflow.example/shared/httpserver"
)

type discrepancy struct {
	Order     string `json:"order"`
	Day       string `json:"day"`
	Movement  string `json:"movement"`
	Reference string `json:"reference"`
	Currency  string `json:"currency"`
	Booked    int64  `json:"booked" doc:"By the journal, in minor units; 0 if it knows nothing of the movement"`
	Settled   int64  `json:"settled" doc:"By the gateway's files; 0 if none has it"`
}

type discrepancyPage struct {
	Items      []discrepancy `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

// discrepancies lists those of at most limit orders; an order may have several.
func discrepancies(c *gin.Context, b Books) {
	q, after := httpserver.NewQuery(c), ""
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&after)
	if q.Refused() {
		return
	}
	list, err := b.Discrepant(c.Request.Context(), after, limit+1)
	if err != nil {
		unavailable(c, err)
		return
	}
	p := discrepancyPage{Items: []discrepancy{}}
	if len(list) > limit {
		list = list[:limit]
		p.NextCursor = httpserver.EncodeCursor(list[limit-1].Order)
	}
	for _, a := range list {
		p.Items = append(p.Items, told(a)...)
	}
	c.JSON(http.StatusOK, p)
}

func told(a reporting.Account) (list []discrepancy) {
	for _, i := range a.Items {
		if i.Told {
			list = append(list, discrepancy{a.Order, i.Day, i.Movement, i.Reference, i.Currency, i.Booked, i.Settled})
		}
	}
	return list
}
