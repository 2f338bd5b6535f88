package demo

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// orderColumns are the columns of a file of orders.
var orderColumns = []string{
	"invoiceno", "stockcode", "description", "quantity", "invoicedate", "unitprice", "customerid", "country",
}

// sheet is a file with a header, read as a whole.
type sheet struct {
	text
	comma  rune
	rest   []byte // from the header on
	line   int    // of the header
	places []int  // of the columns asked for; -1 for an optional one that is not there
	width  int
	conventions
}

// file is a file of orders.
type file struct{ sheet }

// lacking means that a file lacks columns: it may be one of another kind.
type lacking struct{ columns, expected []string }

func (l lacking) Error() string {
	return fmt.Sprintf("header: the columns %s are missing; expected %s", strings.Join(l.columns, ", "),
		strings.Join(l.expected, ", "))
}

// openFile detects the format of a file of orders. An error is about the file as a whole.
func openFile(raw []byte, dates DateOrder) (f file, err error) {
	if f.sheet, err = openSheet(raw, orderColumns, nil); err != nil {
		return f, err
	}
	err = f.settle(dates, []int{f.places[4]}, f.places[5])
	return f, err
}

// openSheet reads the header of a file with these columns.
func openSheet(raw []byte, required, optional []string) (f sheet, err error) {
	if f.text, err = decode(raw); err != nil {
		return f, err
	}
	if f.comma, f.rest, f.line, err = separator(unixLines(f.data), slices.Concat(required, optional)); err != nil {
		return f, err
	}
	header, fault, err := newRecords(f.rest, f.comma, f.line).read()
	if err == io.EOF {
		return f, fmt.Errorf("the file is empty; expected a header with the columns %s", strings.Join(required, ", "))
	}
	if err = errors.Join(err, fault); err != nil {
		return f, fmt.Errorf("header: %w", err)
	}
	if f.places, err = places(header, required, optional); err != nil {
		return f, fmt.Errorf("%w (read as %s with %s between the fields)", err, f.encoding, separatorName(f.comma))
	}
	f.width = len(header)
	return f, nil
}

// settle decides the file's conventions from all its dates and prices.
func (f *sheet) settle(dates DateOrder, dateColumns []int, price int) (err error) {
	var s survey
	err = f.records(func(line int, fields []string) {
		s.row(line, "", strings.TrimSpace(fields[price]))
		for _, at := range dateColumns {
			if at >= 0 {
				s.row(line, strings.TrimSpace(fields[at]), "")
			}
		}
	}, func(int, error) {})
	if err == nil {
		f.conventions, err = s.decide(dates)
	}
	return err
}

// records calls each for every record with as many fields as the header, and bad for every other.
func (f sheet) records(each func(line int, fields []string), bad func(line int, reason error)) error {
	r := newRecords(f.rest, f.comma, f.line)
	if _, _, err := r.read(); err != nil {
		return err
	}
	r.width = f.width
	for {
		fields, fault, err := r.read()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case fault != nil:
			bad(r.line, fault)
		case len(fields) != f.width:
			bad(r.line, fmt.Errorf("%d columns instead of %d", len(fields), f.width))
		case !f.whole(fields):
			bad(r.line, fmt.Errorf("it has bytes that are not valid in %s", f.encoding))
		default:
			each(r.line, fields)
		}
	}
}

// rows calls each for every valid row, and bad with the line and the reason for every other.
func (f file) rows(each func(row), bad func(line int, reason string)) error {
	return f.records(func(line int, fields []string) {
		one, err := f.row(fields)
		if err != nil {
			bad(line, err.Error())
			return
		}
		one.line = int32(line)
		each(one)
	}, func(line int, reason error) { bad(line, reason.Error()) })
}

func (f sheet) format() Format {
	return Format{Encoding: f.encoding, Separator: separatorName(f.comma), Dates: f.datesName(), Decimal: f.decimal}
}

// missing returns the columns that a header lacks.
func missing(header, columns []string) (names []string) {
	found := map[string]bool{}
	for _, name := range header {
		found[columnName(name)] = true
	}
	for _, name := range columns {
		if !found[name] {
			names = append(names, name)
		}
	}
	return names
}

// columnName is a column's name without its letters' case, its blanks and its underscores.
func columnName(text string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Join(strings.Fields(text), ""), "_", ""))
}

// places finds the columns in a header: of the required ones, then the optional ones.
func places(header, required, optional []string) (at []int, err error) {
	if names := missing(header, required); names != nil {
		return at, lacking{names, required}
	}
	columns := slices.Concat(required, optional)
	at = slices.Repeat([]int{-1}, len(columns))
	for i, text := range header {
		name := columnName(text)
		if column := slices.Index(columns, name); column >= 0 {
			if at[column] >= 0 {
				return at, fmt.Errorf("header: the column %s appears twice", name)
			}
			at[column] = i
		}
	}
	return at, nil
}
