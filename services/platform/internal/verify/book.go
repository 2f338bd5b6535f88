package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"orderflow.example/services/platform/internal/world/gateway"
	"orderflow.example/shared/database"
)

// Book reads the gateway's whole book.
type Book func(ctx context.Context) ([]gateway.Entry, error)

// BookAt reads the book of the simulated gateway over HTTP, from the operators' listener.
func BookAt(operators string) Book {
	return func(ctx context.Context) ([]gateway.Entry, error) {
		var all []gateway.Entry
		for cursor := ""; ; {
			page, err := bookPage(ctx, operators+"/sim/gateway/book?limit=1000&cursor="+url.QueryEscape(cursor))
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
	return func(ctx context.Context) ([]gateway.Entry, error) {
		entries, err := table.Select(db.Gorm().WithContext(ctx), "ORDER BY seq")
		if err != nil {
			return nil, fmt.Errorf("read the gateway's book: %w", err)
		}
		return entries, nil
	}
}

// account is what the gateway has done for one order in one currency, in minor units.
type account struct {
	order, currency                                 string
	authorized, captured, voided, refunded, charged int64
	released                                        int64 // of voided: what a capture left over
	captures                                        int
	holds                                           map[string]int64 // what is still set aside, by reference

}

// open is what is still set aside.
func (a *account) open() int64 { return a.authorized - a.captured - a.voided }

// What the gateway does by itself, without being asked.
const (
	notCaptured = "not_captured" // code: what is let go of because less was captured than was set aside
	chargedBack = gateway.Kind("charged_back")
)

type accountKey struct{ order, currency string }

// accounts sorts the book by order and currency: all of it, or only what had been asked for when the service that asked
// was looked at. Entries that nobody is known to have asked for go to stray.
func accounts(book []gateway.Entry, asks map[string]ask, onlyThen bool, stray func(e gateway.Entry, why string)) map[accountKey]*account {
	all := map[accountKey]*account{}
	captured := map[string]bool{} // references
	for _, e := range book {
		if e.Amount == 0 || e.Code != "" && e.Code != notCaptured {
			continue // nothing moved
		}
		if a, asked := asks[e.Key]; e.Key != "" {
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
		key := accountKey{e.Order, e.Currency}
		a := all[key]
		if a == nil {
			a = &account{order: e.Order, currency: e.Currency, holds: map[string]int64{}}
			all[key] = a
		}
		a.add(e)
		captured[e.Reference] = captured[e.Reference] || e.Kind == gateway.Captured
	}
	return all
}

func (a *account) add(e gateway.Entry) {
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
	case chargedBack:
		a.charged += e.Amount
	}
}
