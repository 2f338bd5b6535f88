package demo

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// row is one valid row of the file.
type row struct {
	invoice, code, description, customer, country string

	quantity int64
	price    int64 // in pence, rounded
	at       time.Time
	unclear  bool  // day and month may be swapped
	line     int32 // of the file, at which it begins
}

// cancels reports whether the row is of a cancellation.
func (r row) cancels() bool { return strings.HasPrefix(r.invoice, "C") }

// row parses the fields of one row.
func (f file) row(fields []string) (r row, err error) {
	field := func(i int) string { return strings.TrimSpace(fields[f.places[i]]) }
	whole := func(i int) string { return strings.TrimSuffix(field(i), f.decimal+"0") }
	r.invoice, r.code = strings.ToUpper(field(0)), strings.ToUpper(field(1))
	r.description, r.customer, r.country = field(2), whole(6), field(7)
	if !isName(r.invoice, 40) {
		return r, errors.New("the invoice number is missing or not plain text")
	}
	if !isName(r.code, 64) {
		return r, errors.New("the stock code is missing or not plain text")
	}
	if r.customer != "" && !isName(r.customer, 64) {
		return r, errors.New("the customer's number is not plain text")
	}
	if r.quantity, err = strconv.ParseInt(whole(3), 10, 64); err != nil || r.quantity > most || r.quantity < -most {
		return r, errors.New("the quantity is not a whole number of pieces")
	}
	if r.price, err = pence(field(5), f.decimal); err != nil {
		return r, err
	}
	r.at, r.unclear, err = readTime(field(4), f.dates)
	return r, err
}

// most bounds quantities and prices, so that no sum of them can overflow.
const most = 1_000_000_000

// pence parses an amount in pounds with this decimal mark, without rounding errors: half a penny rounds up.
func pence(text, mark string) (n int64, err error) {
	n, _, err = minorUnits(text, mark, 2)
	return n, err
}

// minorUnits parses an amount in a currency whose minor unit has so many digits. It is exact if it has no more of them.
func minorUnits(text, mark string, digits int) (n int64, exact bool, err error) {
	bad := errors.New("the price is not an amount of money")
	amount, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(amount, mark)
	if whole+fraction == "" || len(whole) > 9 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, false, bad
	}
	fraction += strings.Repeat("0", digits+1)
	if n, err = strconv.ParseInt("0"+whole+fraction[:digits], 10, 64); err != nil || n > most {
		return 0, false, bad
	}
	if fraction[digits] >= '5' {
		n++
	}
	if negative {
		n = -n
	}
	return n, strings.Trim(fraction[digits:], "0") == "", nil
}

// isName reports whether a text can be used in keys and headers.
func isName(text string, longest int) bool {
	return text != "" && len(text) <= longest &&
		strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) < 0
}
