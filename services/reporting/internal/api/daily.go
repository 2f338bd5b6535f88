package api

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/httpserver"
)

type day struct {
	Day         string     `json:"day" format:"date"`
	Zone        string     `json:"zone"`
	Begins      string     `json:"begins" format:"date-time"`
	Ends        string     `json:"ends" format:"date-time"`
	State       string     `json:"state" enum:"open,closed" doc:"The report of a closed day does not change any more"`
	ClosedAt    string     `json:"closed_at,omitempty" format:"date-time"`
	Entries     int64      `json:"entries"`
	LateEntries int64      `json:"late_entries" doc:"Of entries: those of earlier days, which came after these were closed"`
	Deferred    int64      `json:"deferred_entries,omitempty" doc:"Entries of this day that came too late, and are in a later one"`
	Currencies  []currency `json:"currencies"`
	Settlement  settlement `json:"settlement"`
}

type currency struct {
	Currency string    `json:"currency"`
	Debits   int64     `json:"debits"`
	Credits  int64     `json:"credits" doc:"Equal to the debits"`
	Accounts []account `json:"accounts"`
}

type account struct {
	Account string `json:"account"`
	Debits  int64  `json:"debits"`
	Credits int64  `json:"credits"`
	Balance int64  `json:"balance" doc:"Debits less credits"`
}

type settlement struct {
	State   string          `json:"state" enum:"none,requested,refused,read"`
	ReadAt  string          `json:"read_at,omitempty" format:"date-time"`
	Lines   int64           `json:"lines,omitempty"`
	Payout  []schemas.Money `json:"payout,omitempty" doc:"What the gateway pays for the day, less its fees"`
	Refused string          `json:"refused,omitempty" doc:"The line of the last file, and what is wrong with it"`
}

type dayPage struct {
	Items      []day  `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

func daily(c *gin.Context, b Books) {
	q, after := httpserver.NewQuery(c, "from", "to", "format"), ""
	from, to, csv := days(q)
	limit := q.Limit(defaultLimit, maxLimit)
	if q.Cursor(&after) && !isDay(after) {
		q.Fault("cursor", "the cursor is not one of ours")
	}
	if q.Refused() {
		return
	}
	from = max(from, after)
	if csv {
		dailyCSV(c, b, from, to)
		return
	}
	list, err := b.Reports(c.Request.Context(), from, to, limit+1)
	if err != nil {
		unavailable(c, err)
		return
	}
	p := dayPage{Items: []day{}}
	if len(list) > limit {
		p.NextCursor = httpserver.EncodeCursor(list[limit].Day.Day)
		list = list[:limit]
	}
	for _, d := range list {
		p.Items = append(p.Items, view(d))
	}
	c.JSON(http.StatusOK, p)
}

func view(d store.Report) day {
	v := day{Day: d.Day.Day, Zone: d.Zone, Begins: d.Begins, Ends: d.Ends, State: "open", ClosedAt: d.ClosedAt, Entries: d.Entries,
		LateEntries: d.LateEntries, Deferred: d.Deferred.Entries, Currencies: byCurrency(d.Totals)}
	if d.Closed {
		v.State = "closed"
	}
	s := d.Settlement
	v.Settlement = settlement{State: "none", ReadAt: s.ReadAt, Lines: s.Lines, Payout: s.Payout, Refused: s.Refused}
	switch {
	case s.Refused != "":
		v.Settlement.State = "refused"
	case s.ReadAt != "":
		v.Settlement.State = "read"
	case s.Asked:
		v.Settlement.State = "requested"
	}
	return v
}

// byCurrency groups totals, which are sorted by currency.
func byCurrency(totals []event.Total) []currency {
	list := []currency{}
	for _, t := range totals {
		if len(list) == 0 || list[len(list)-1].Currency != t.Currency {
			list = append(list, currency{Currency: t.Currency})
		}
		c := &list[len(list)-1]
		c.Debits, c.Credits = c.Debits+t.Debits, c.Credits+t.Credits
		c.Accounts = append(c.Accounts, account{t.Account, t.Debits, t.Credits, t.Debits - t.Credits})
	}
	return list
}

// dailyCSV writes a line for each account and currency of each day.
func dailyCSV(c *gin.Context, b Books, from, to string) {
	stream(c, "daily", []string{"day", "zone", "state", "entries", "late_entries", "currency", "account", "debits", "credits"},
		func(write func([]string) error) error {
			for more := true; more; {
				list, err := b.Reports(c.Request.Context(), from, to, csvPage+1)
				if err != nil {
					return err
				}
				if more = len(list) > csvPage; more {
					from, list = list[csvPage].Day.Day, list[:csvPage]
				}
				for _, d := range list {
					v := view(d)
					for _, t := range d.Totals {
						if err := write([]string{v.Day, v.Zone, v.State, whole(v.Entries), whole(v.LateEntries), t.Currency, t.Account,
							whole(t.Debits), whole(t.Credits)}); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

type balanceAnswer struct {
	Currencies []currency `json:"currencies"`
}

func balance(c *gin.Context, b Books) {
	totals, err := b.Balance(c.Request.Context())
	if err != nil {
		unavailable(c, err)
		return
	}
	c.JSON(http.StatusOK, balanceAnswer{byCurrency(totals)})
}
