// Package documenttest has documents to write in tests: people and goods in many scripts, and amounts of many kinds. All are
// invented.
package documenttest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/invoice"
	"orderflow.example/services/invoice/internal/document"
	"orderflow.example/shared/typeset/typesettest"
)

var at = time.Date(2026, 11, 27, 10, 30, 0, 0, time.UTC)

// Scripts are buyers and goods by script.
var Scripts = func() map[string]Sample {
	all := map[string]Sample{}
	for script, t := range typesettest.Scripts {
		buyer := schemas.Address{Name: t.Name, Line1: t.Line1, City: t.City, Postcode: t.Postcode, Country: t.Country}
		all[script] = Sample{buyer, t.Goods}
	}
	return all
}()

// Sample is a buyer and goods.
type Sample struct {
	Buyer schemas.Address
	Goods []string
}

// Invoice is an invoice over goods to a buyer, in that country at that rate.
func Invoice(buyer schemas.Address, goods []string, category string, rate int64) document.Document {
	d := document.Document{Number: "INV-2026-000042", IssuedOn: "2026-11-27", At: at, Order: "019e5a3b-9c12-7a40-b2d1-5e6f70819007",
		Seller: invoice.Standard().Seller, Buyer: buyer, Country: buyer.Country, Category: category, Rate: rate, Currency: "GBP",
		Scale: 2}
	for n, text := range goods {
		l := document.Line{SKU: fmt.Sprintf("8512%dA", n), Text: text, Quantity: int64(1 + n*7), UnitPrice: int64(255 + 120_030*n)}
		l.Amount = l.Quantity * l.UnitPrice
		l.Tax = tax(d.Amount+l.Amount, rate) - tax(d.Amount, rate)
		d.Amount, d.Tax, d.Lines = d.Amount+l.Amount, d.Tax+l.Tax, append(d.Lines, l)
	}
	return d
}

func tax(amount, rate int64) int64 { return (2*amount*rate + 10_000 + rate) / (2 * (10_000 + rate)) }

// CreditNote is one over all of an invoice.
func CreditNote(d document.Document) document.Document {
	d.Credit, d.Invoice, d.Number, d.Reason = true, d.Number, "CN-2026-000007", "returned"
	return d
}

// Issued are n invoices and credit notes as the service decides them, of random orders.
func Issued(n int) (all []document.Document) {
	random := rand.New(rand.NewPCG(3, 4))
	rates := invoice.StandardRates()
	countries := []string{"GB", "DE", "FI", "HU", "GR", "US", "PL", "FR"}
	for i := range n {
		rate := rates.On(countries[random.IntN(len(countries))], at)
		goods := make([]string, 1+random.IntN(30))
		for k := range goods {
			goods[k] = fmt.Sprint("Thing ", k)
		}
		d := Invoice(Scripts["latin"].Buyer, goods, rate.Category, rate.Percent)
		d.Amount, d.Tax = 0, 0
		for k := range d.Lines {
			l := &d.Lines[k]
			l.Quantity, l.UnitPrice = 1+random.Int64N(50), random.Int64N(30_000)
			if k > 0 && k == len(d.Lines)-1 && i%3 == 0 {
				l.SKU, l.Text, l.Quantity, l.UnitPrice = "", "Not delivered, not charged", -1, random.Int64N(d.Amount+1)
			}
			l.Amount = l.Quantity * l.UnitPrice
			l.Tax = tax(d.Amount+l.Amount, d.Rate) - tax(d.Amount, d.Rate)
			d.Amount, d.Tax = d.Amount+l.Amount, d.Tax+l.Tax
		}
		if i%4 == 0 {
			d = CreditNote(d)
		}
		all = append(all, d)
	}
	return all
}
