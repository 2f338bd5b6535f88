package demo

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Basket is the goods of one invoice, once each, in the order of its rows.
type Basket struct {
	Invoice  string
	Customer string // empty where the file names none
	At       time.Time
	SKUs     []string
}

// proper are the codes of goods; others are postage, fees and corrections.
var proper = regexp.MustCompile(`^([0-9]{5}[A-Z]*|DCGS.*)$`)

// Baskets reads the invoices of a whole file of orders, in the order of their times. Cancellations and rows that sell nothing are
// left out.
func Baskets(r io.Reader, dates DateOrder) ([]Basket, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("the file is larger than %d MiB; split it", maxFile>>20)
	}
	f, err := openFile(raw, dates)
	if err != nil {
		return nil, err
	}
	var list []Basket
	places, seen := map[string]int{}, map[[2]string]bool{}
	err = f.rows(func(r row) {
		if r.quantity <= 0 || r.price <= 0 || r.cancels() || r.invoice[0] == 'A' || !proper.MatchString(r.code) {
			return
		}
		at, known := places[r.invoice]
		if !known {
			at = len(list)
			places[r.invoice] = at
			list = append(list, Basket{Invoice: r.invoice, Customer: r.customer, At: r.at})
		}
		if key := [2]string{r.invoice, r.code}; !seen[key] {
			seen[key] = true
			list[at].SKUs = append(list[at].SKUs, r.code)
		}
	}, func(int, string) {})
	slices.SortStableFunc(list, func(a, b Basket) int { return a.At.Compare(b.At) })
	return list, err
}
