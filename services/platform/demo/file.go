package demo

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

var columns = [...]string{
	"invoiceno", "stockcode", "description", "quantity", "invoicedate", "unitprice", "customerid", "country",
}

// file is a file of orders, read as a whole.
type file struct {
	text
	comma  rune
	rest   []byte // from the header on
	line   int    // of the header
	places [len(columns)]int
	width  int
	conventions
}

// openFile detects the format of a file. An error is about the file as a whole.
func openFile(raw []byte, dates DateOrder) (f file, err error) {
	if f.text, err = decode(raw); err != nil {
		return f, err
	}
	if f.comma, f.rest, f.line, err = separator(unixLines(f.data)); err != nil {
		return f, err
	}
	header, fault, err := newRecords(f.rest, f.comma, f.line).read()
	if err == io.EOF {
		return f, errors.New("the file is empty; expected a header with the columns of the bundled sample")
	}
	if err = errors.Join(err, fault); err != nil {
		return f, fmt.Errorf("header: %w", err)
	}
	if f.places, err = places(header); err != nil {
		return f, fmt.Errorf("%w (read as %s with %s between the fields)", err, f.encoding, separatorName(f.comma))
	}
	f.width = len(header)
	var s survey
	err = f.records(func(line int, fields []string) {
		s.row(line, strings.TrimSpace(fields[f.places[4]]), strings.TrimSpace(fields[f.places[5]]))
	}, func(int, error) {})
	if err == nil {
		f.conventions, err = s.decide(dates)
	}
	return f, err
}

// records calls each for every record with as many fields as the header, and bad for every other.
func (f file) records(each func(line int, fields []string), bad func(line int, reason error)) error {
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

func (f file) format() Format {
	return Format{Encoding: f.encoding, Separator: separatorName(f.comma), Dates: f.datesName(), Decimal: f.decimal}
}

// missing returns the columns that a header lacks.
func missing(header []string) (names []string) {
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

func columnName(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }

func places(header []string) (at [len(columns)]int, err error) {
	if names := missing(header); names != nil {
		return at, fmt.Errorf("header: the columns %s are missing; expected those of the bundled sample", strings.Join(names, ", "))
	}
	seen := map[string]bool{}
	for i, text := range header {
		name := columnName(text)
		if column := slices.Index(columns[:], name); column >= 0 {
			if seen[name] {
				return at, fmt.Errorf("header: the column %s appears twice", name)
			}
			at[column], seen[name] = i, true
		}
	}
	return at, nil
}
