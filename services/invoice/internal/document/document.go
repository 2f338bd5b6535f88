// Package document is an invoice or a credit note as it is written down: the state of the service with the names of the
// products. Packages pdf and ubl write it; both take every number from here.
package document

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
)

// Document is what is written. Amounts are in minor units of the currency, tax included where no name says otherwise.
type Document struct {
	Credit   bool   // a credit note
	Invoice  string // of a credit note: what it corrects
	Reason   string // of a credit note
	Number   string
	IssuedOn string
	At       time.Time
	Order    string
	Seller   event.Seller
	Buyer    schemas.Address
	Country  string // whose tax it is
	Category string
	Rate     int64 // hundredths of a percent
	Lines    []Line
	Amount   int64
	Tax      int64
	Currency string
	Scale    int // decimals of the currency
}

// Line is a line of a document.
type Line struct {
	SKU, Text           string
	Quantity, UnitPrice int64
	Amount, Tax         int64
}

// Net is the line's amount without tax.
func (l Line) Net() int64 { return l.Amount - l.Tax }

// Net is the amount without tax.
func (d Document) Net() int64 { return d.Amount - d.Tax }

// texts are the lines that are about no product.
var texts = map[string]string{"not_charged": "Not delivered, not charged", "refund": "Refund"}

// Of is a document of the part in hand. called tells what a product was called.
func Of(i invoice.Invoice, issued invoice.Issued, called map[string]invoice.Product) Document {
	d := Document{
		Credit: issued.Corrects(), Reason: issued.Reason, Number: issued.Number, IssuedOn: issued.IssuedOn, At: issued.At,
		Order: i.Order, Seller: issued.Seller, Buyer: i.Buyer, Country: issued.Country, Category: issued.Category, Rate: issued.Rate,
		Amount: issued.Amount.Amount, Tax: issued.Tax, Currency: issued.Amount.Currency, Scale: scale(issued.Amount.Currency),
	}
	if d.Credit {
		d.Invoice = i.Issued.Number
	}
	for _, l := range issued.Lines {
		text, other := texts[l.Text]
		if !other {
			text = invoice.BlankProduct(l.SKU).Called(d.At)
			if p, known := called[l.SKU]; known {
				text = p.Called(d.At)
			}
		}
		if text == "" {
			text = l.SKU
		}
		d.Lines = append(d.Lines, Line{SKU: l.SKU, Text: text, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
			Amount: l.Quantity * l.UnitPrice, Tax: l.Tax})
	}
	return d
}

// scale is the number of decimals of a currency, by ISO 4217; 2 where it is not known.
func scale(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits
}

// Decimal writes an amount for machines: "-1234.50".
func (d Document) Decimal(amount int64) string { return decimal(amount, d.Scale) }

// Grouped writes an amount for people: "−1,234.50".
func (d Document) Grouped(amount int64) string {
	whole, fraction, _ := strings.Cut(decimal(max(amount, -amount), d.Scale), ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if amount < 0 {
		return "−" + whole
	}
	return whole
}

// Percent writes the rate: "20", "17.5".
func (d Document) Percent() string {
	return strings.TrimSuffix(strings.TrimRight(decimal(d.Rate, 2), "0"), ".")
}

func decimal(n int64, digits int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := strconv.FormatInt(n, 10)
	if digits == 0 {
		return sign + text
	}
	text = strings.Repeat("0", max(0, digits+1-len(text))) + text
	return sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
}
