package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/database"
)

// Book reads the gateway's book from the entry after this number on.
type Book func(ctx context.Context, after int64) ([]gateway.Entry, error)

// BookAt reads the book of the simulated gateway over HTTP, from its own listener.
func BookAt(world string) Book {
	return func(ctx context.Context, after int64) ([]gateway.Entry, error) {
		var all []gateway.Entry
		for cursor := strconv.FormatInt(after, 10); ; {
			page, err := bookPage(ctx, world+"/sim/gateway/book?limit=1000&cursor="+url.QueryEscape(cursor))
			if err != nil {
				return nil, fmt.Errorf("read the gateway's book: %w", err)
			}
			all = append(all, page.Items...)
			if cursor = page.Next; cursor == "" {
				return all, nil
			}
		}
	}
}

func bookPage(ctx context.Context, address string) (page gateway.Page, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return page, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return page, fmt.Errorf("%s answers %s", address, response.Status)
	}
	return page, json.NewDecoder(response.Body).Decode(&page)
}

// BookIn reads the book of the simulated gateway from the world's own database.
func BookIn(db *database.DB) Book {
	table := database.NewTable[gateway.Entry]()
	return func(ctx context.Context, after int64) ([]gateway.Entry, error) {
		entries, err := table.Select(db.Gorm().WithContext(ctx), "WHERE seq > $1 ORDER BY seq", after)
		if err != nil {
			return nil, fmt.Errorf("read the gateway's book: %w", err)
		}
		return entries, nil
	}
}

// account is the money of one order at the gateway, in one currency, in minor units.
type account struct {
	currency                                        string
	authorized, captured, voided, refunded, charged int64
	released                                        int64 // of voided: the rest after a capture
	captures                                        int
	// the last entry of which a webhook tells; it may not have come yet
	notified time.Time
	holds    map[string]int64 // open authorisations, by reference
}

// open is the sum of the open authorisations.
func (a *account) open() int64 { return a.authorized - a.captured - a.voided }

// notCaptured is the code of an entry that the gateway makes by itself: the rest of an authorisation of which less was captured.
const notCaptured = "not_captured"

// webhookWithin is how long a webhook may take.
const webhookWithin = time.Minute

// isNotified tells whether the services have been notified of what the gateway did by itself: its webhooks had time to come.
func (a *account) isNotified() bool { return time.Since(a.notified) > webhookWithin }

// enter adds the new entries of the book.
func (p *picture) enter() {
	for _, e := range p.book {
		if p.read = max(p.read, e.Seq); e.Amount == 0 || e.Code != "" && e.Code != notCaptured {
			continue // nothing moved
		}
		t := p.facts.of(e.Order)
		t.entries = append(t.entries, e)
	}
	p.book = nil
}

// accounts are the accounts of an order by the book, by currency: of all entries, or only of those requested before the snapshot
// of the service that requests them. Entries that no service requested go to stray.
func (f *facts) accounts(t *told, onlyThen bool, stray func(e gateway.Entry, why string)) []account {
	if len(t.entries) == 0 {
		return t.sums
	}
	all := make([]account, len(t.sums), len(t.sums)+1)
	for i, a := range t.sums {
		a.holds = maps.Clone(a.holds)
		all[i] = a
	}
	captured := map[string]bool{} // references
	for _, e := range t.entries {
		if a, asked := f.asks[e.Key]; e.Key != "" {
			switch {
			case !asked:
				stray(e, "no service asked for it")
				continue
			case a.order != e.Order:
				stray(e, "it was asked for about order "+a.order)
				continue
			case onlyThen && !a.decided:
				continue
			}
		} else if e.Code == notCaptured && !captured[e.Reference] {
			continue // its capture was left out
		}
		i := slices.IndexFunc(all, func(a account) bool { return a.currency == e.Currency })
		if i < 0 {
			i, all = len(all), append(all, account{currency: f.name(e.Currency)})
		}
		all[i].add(e)
		captured[e.Reference] = captured[e.Reference] || e.Kind == gateway.Captured
	}
	return all
}

func (a *account) add(e gateway.Entry) {
	if a.holds == nil {
		a.holds = map[string]int64{}
	}
	switch e.Kind {
	case gateway.Authorized:
		a.authorized += e.Amount
		a.holds[e.Reference] += e.Amount
	case gateway.Captured:
		a.captured += e.Amount
		a.captures++
		a.holds[e.Reference] -= e.Amount
	case gateway.Voided:
		a.voided += e.Amount
		a.holds[e.Reference] -= e.Amount
		if e.Code == notCaptured {
			a.released += e.Amount
		}
	case gateway.Refunded:
		a.refunded += e.Amount
	case gateway.ChargedBack:
		a.charged += e.Amount
		a.notified = e.At
	case gateway.ChargebackReversed:
		a.charged -= e.Amount
		a.notified = e.At
	case gateway.RefundReversed:
		a.refunded -= e.Amount
		a.notified = e.At
	}
}

// settle compacts the facts about finished orders without offences: the book's entries are kept as sums, booked parcels are
// dropped.
func (p *picture) settle(broken func(order string) bool) {
	before := len(p.facts.busy)
	for key := range p.facts.busy {
		t := p.facts.orders[key]
		if !p.ended(key, t) || p.owes(key) || broken(key) {
			continue
		}
		delete(p.facts.busy, key)
		t.sums = slices.Clip(p.facts.accounts(t, false, ignore))
		for _, e := range t.entries {
			delete(p.facts.asks, e.Key)
		}
		t.entries = nil
		for i := range t.sums {
			maps.DeleteFunc(t.sums[i].holds, func(_ string, left int64) bool { return left == 0 })
			if len(t.sums[i].holds) == 0 {
				t.sums[i].holds = nil
			}
		}
		t.sent, t.committed, t.came, t.restocked = nil, nil, nil, nil
		t.news, t.told = nil, nil
	}
	if len(p.facts.busy) < before/2 { // maps do not shrink
		busy, asks := make(map[string]struct{}, len(p.facts.busy)), make(map[string]ask, len(p.facts.asks))
		maps.Copy(busy, p.facts.busy)
		maps.Copy(asks, p.facts.asks)
		p.facts.busy, p.facts.asks = busy, asks
	}
}
