package demo

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Books is what the journal says once the gateway's settlement files are read, days still open included. Money is in minor units.
type Books struct {
	Currencies    []Balance     `json:"currencies"`
	Days          int           `json:"days"`
	Unread        []string      `json:"unread,omitempty"` // days without a settlement file
	Lines         int64         `json:"settlement_lines"`
	Discrepancies []Discrepancy `json:"discrepancies"` // of all orders of the installation
}

// Balance is the trial balance in one currency.
type Balance struct {
	Currency string `json:"currency"`
	Debits   int64  `json:"debits"`
	Credits  int64  `json:"credits"`
	Accounts []struct {
		Account string `json:"account"`
		Balance int64  `json:"balance"`
	} `json:"accounts"`
}

// Discrepancy is a movement of money that the journal and the gateway have differently.
type Discrepancy struct {
	Order    string `json:"order"`
	Movement string `json:"movement"`
	Currency string `json:"currency"`
	Booked   int64  `json:"booked"`
	Settled  int64  `json:"settled"`
}

// Balanced tells whether debits are credits, and the gateway has accounted for all that it holds, without a difference.
func (b Books) Balanced() bool {
	for _, c := range b.Currencies {
		if c.Debits != c.Credits || c.Of(atGateway) != 0 {
			return false
		}
	}
	return len(b.Discrepancies) == 0
}

const atGateway = "gateway_clearing"

// Of is the balance of an account.
func (b Balance) Of(account string) int64 {
	for _, a := range b.Accounts {
		if a.Account == account {
			return a.Balance
		}
	}
	return 0
}

type reported struct {
	Day        string `json:"day"`
	Settlement struct {
		State  string `json:"state"`
		ReadAt string `json:"read_at"`
		Lines  int64  `json:"lines"`
	} `json:"settlement"`
}

// Reconcile has the settlement file of each day read, and waits until the books have taken it in. It is nil where the platform
// keeps no books.
func Reconcile(ctx context.Context, o Options) (*Books, error) {
	o.defaults()
	c, err := newClient(o, inFlight)
	if err != nil {
		return nil, err
	}
	o.Progress.Stage("reconciling with the gateway", 0)
	before := map[string]string{}
	err = c.days(ctx, func(d reported) { before[d.Day] = d.Settlement.ReadAt })
	if is(err, "not-found") {
		return nil, nil
	}
	for _, day := range asFiled(slices.Sorted(maps.Keys(before))) {
		if err == nil {
			_, _, err = c.ask(ctx, asked{method: http.MethodPost, url: c.operators + "/v1/reports/daily/" + day + "/settlement",
				token: c.operator}, nil)
		}
	}
	for last, since := (Books{}), time.Now(); err == nil; {
		var now Books
		if now, err = c.books(ctx, before); err != nil || len(now.Unread) == 0 && now.Balanced() {
			return &now, err
		}
		if len(now.Unread) != len(last.Unread) || len(now.Discrepancies) != len(last.Discrepancies) || now.held() != last.held() {
			last, since = now, time.Now()
		} else if time.Since(since) > c.patience {
			return &now, nil // the report says what is left
		}
		if !pause(ctx, o.look) {
			err = ctx.Err()
		}
	}
	return nil, err
}

// asFiled adds the day before the first one: the gateway's days may end at another hour than the shop's.
func asFiled(days []string) []string {
	if len(days) == 0 {
		return nil
	}
	first, err := time.Parse(time.DateOnly, days[0])
	if err != nil {
		return days
	}
	return append(days, first.AddDate(0, 0, -1).Format(time.DateOnly))
}

// held is what the gateway has not accounted for, in all currencies.
func (b Books) held() (sum int64) {
	for _, c := range b.Currencies {
		sum += c.Of(atGateway)
	}
	return sum
}

func (c *client) days(ctx context.Context, each func(reported)) error {
	return pages(ctx, c, c.operators+"/v1/reports/daily", url.Values{"limit": {"200"}}, c.operator, each)
}

// books reads them. A day is unread as long as its file was read last at the time given.
func (c *client) books(ctx context.Context, readBefore map[string]string) (b Books, err error) {
	b.Discrepancies = []Discrepancy{}
	err = errors.Join(
		c.days(ctx, func(d reported) {
			b.Days++
			if at := d.Settlement.ReadAt; d.Settlement.State != "read" || at == readBefore[d.Day] {
				b.Unread = append(b.Unread, d.Day)
			}
			b.Lines += d.Settlement.Lines
		}),
		pages(ctx, c, c.operators+"/v1/reports/discrepancies", url.Values{"limit": {"200"}}, c.operator,
			func(d Discrepancy) { b.Discrepancies = append(b.Discrepancies, d) }))
	if err == nil {
		_, _, err = c.ask(ctx, asked{method: http.MethodGet, url: c.operators + "/v1/reports/balance", token: c.operator}, &b)
	}
	return b, err
}
