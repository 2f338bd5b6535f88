package demo

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// row is one row of the file that can be read.
type row struct {
	invoice, code, description, customer, country string

	quantity int64
	price    int64 // in pence, rounded
	at       time.Time
}

// cancels tells whether the row is of a cancellation.
func (r row) cancels() bool { return strings.HasPrefix(r.invoice, "C") }

var columns = [...]string{"invoiceno", "stockcode", "description", "quantity", "invoicedate", "unitprice", "customerid", "country"}

// readRows calls each for every row that can be read, and bad with the line and the reason for every other. The columns
// are found by their names, in any order. An error is about the file as a whole.
func readRows(r io.Reader, each func(row), bad func(line int, reason string)) error {
	l := newLines(r)
	header, fault, err := l.next()
	if err == io.EOF {
		return errors.New("the file is empty; expected a header with the columns of the bundled sample")
	}
	if err = errors.Join(err, fault); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	at, err := places(header)
	if err != nil {
		return err
	}
	width := len(header)
	for {
		fields, fault, err := l.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("line %d: %w", l.number+1, err)
		case fault != nil:
			bad(l.number, fault.Error())
			continue
		case len(fields) != width:
			bad(l.number, fmt.Sprintf("%d columns instead of %d", len(fields), width))
			continue
		}
		one, fault := readRow(fields, at)
		if fault != nil {
			bad(l.number, fault.Error())
			continue
		}
		each(one)
	}
}

func places(header []string) (at [len(columns)]int, err error) {
	found := map[string]int{}
	for i, name := range header {
		found[strings.ToLower(strings.Join(strings.Fields(name), ""))] = i
	}
	var missing []string
	for i, name := range columns {
		place, ok := found[name]
		if !ok {
			missing = append(missing, name)
		}
		at[i] = place
	}
	if missing != nil {
		return at, fmt.Errorf("header: the columns %s are missing; expected those of the bundled sample", strings.Join(missing, ", "))
	}
	return at, nil
}

func readRow(fields []string, at [len(columns)]int) (r row, err error) {
	text := func(i int) string { return strings.TrimSpace(fields[at[i]]) }
	r.invoice, r.code = strings.ToUpper(text(0)), strings.ToUpper(text(1))
	r.description, r.customer, r.country = text(2), strings.TrimSuffix(text(6), ".0"), text(7)
	if !isName(r.invoice, 40) {
		return r, errors.New("the invoice number is missing or no plain text")
	}
	if !isName(r.code, 64) {
		return r, errors.New("the stock code is missing or no plain text")
	}
	if r.customer != "" && !isName(r.customer, 64) {
		return r, errors.New("the customer's number is no plain text")
	}
	if r.quantity, err = strconv.ParseInt(strings.TrimSuffix(text(3), ".0"), 10, 64); err != nil || r.quantity > most || r.quantity < -most {
		return r, errors.New("the quantity is no whole number of pieces")
	}
	if r.price, err = pence(text(5)); err != nil {
		return r, err
	}
	if r.at, err = readTime(text(4)); err != nil {
		return r, errors.New("the date is none")
	}
	return r, nil
}

// most bounds quantities and prices, so that no sum of them can overflow.
const most = 1_000_000_000

// pence reads an amount in pounds, without rounding errors: half a penny rounds up.
func pence(text string) (int64, error) {
	bad := errors.New("the price is no amount of money")
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole+fraction == "" || len(whole) > 9 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, bad
	}
	fraction += "000"
	n, err := strconv.ParseInt("0"+whole+fraction[:2], 10, 64)
	if err != nil || n > most {
		return 0, bad
	}
	if fraction[2] >= '5' {
		n++
	}
	if negative {
		n = -n
	}
	return n, nil
}

// layouts are the forms in which the set's dates go about.
var layouts = [...]string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "1/2/2006 15:04", "1/2/2006 15:04:05"}

func readTime(text string) (time.Time, error) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("no date")
}

// isName tells whether a text can stand in keys and headers.
func isName(text string, longest int) bool {
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) < 0
}
