package demo

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// longest is the most bytes of a record. Longer ones are refused.
const longest = 64 << 10

var (
	errTooLong  = errors.New("the row is longer than 64 KiB")
	errNeverEnd = errors.New("a quoted field begins and does not end")
	errAfterEnd = errors.New("text follows a quoted field")
)

// records reads the records of RFC 4180 from a whole file. Beyond it, a quote inside a field that does not begin with one
// is text. A record with a quoted field that does not end correctly costs its own lines and no others.
type records struct {
	data  []byte
	comma rune
	width int // fields of a record; 0: unknown yet
	line  int // at which the last record begins

	at, next int // the byte and the line behind what was read
	reader   *csv.Reader
	from     int // the byte at which the reader began
}

func newRecords(data []byte, comma rune, line int) *records {
	return &records{data: data, comma: comma, next: line}
}

// read returns the fields of the next non-blank record, or its fault; io.EOF at the end.
func (r *records) read() (fields []string, fault error, err error) {
	r.skipBlank()
	if r.at == len(r.data) {
		return nil, nil, io.EOF
	}
	if r.reader == nil {
		r.reader, r.from = r.csv(r.data[r.at:], false), r.at
	}
	r.line = r.next
	fields, fault = r.reader.Read()
	end := r.from + int(r.reader.InputOffset())
	if fault != nil {
		r.reader = nil
		fields, end, fault = r.recover(end, fault)
	}
	size := end - r.at
	r.pass(end)
	switch {
	case fault != nil:
		return nil, fault, nil
	case size > longest:
		return nil, errTooLong, nil
	}
	return fields, nil, nil
}

func (r *records) csv(data []byte, lazy bool) *csv.Reader {
	c := csv.NewReader(bytes.NewReader(data))
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = r.comma, -1, lazy, true
	return c
}

// recover reads a record in which strict reading found a fault, up to the end given. A stray quote costs its line: the
// following lines are rows if the line with the next quote looks like a row, with an even number of quotes and enough
// columns. Else the lines up to there are the text of a broken record, and none of them is a row.
func (r *records) recover(end int, wrong error) (fields []string, stop int, fault error) {
	first := r.at + lineEnd(r.data[r.at:])
	if errors.Is(wrong, csv.ErrBareQuote) {
		if fields, ok := r.alone(r.data[r.at:first]); ok {
			return fields, first, nil
		}
		if end <= first {
			return nil, first, errors.New("a quote is inside a field, and the columns are not the header's")
		}
	}
	if end <= first {
		return nil, first, errAfterEnd
	}
	last := r.data[r.at+bytes.LastIndexByte(r.data[r.at:end-1], '\n')+1 : end]
	var parse *csv.ParseError
	if errors.As(wrong, &parse) && (parse.Column > len(last) || last[parse.Column-1] != '"') {
		return nil, first, errNeverEnd // there is no further quote in the file
	}
	if bytes.Count(last, []byte{'"'})%2 == 0 && bytes.Count(last, []byte(string(r.comma))) >= r.width-1 {
		return nil, first, errNeverEnd
	}
	return nil, end, errAfterEnd
}

// alone reads one line as a record of its own.
func (r *records) alone(line []byte) (fields []string, ok bool) {
	fields, err := r.csv(line, true).Read()
	return fields, err == nil && (r.width == 0 || len(fields) == r.width)
}

// skipBlank skips lines without text.
func (r *records) skipBlank() {
	for r.at < len(r.data) {
		end := r.at + lineEnd(r.data[r.at:])
		if len(strings.Trim(string(r.data[r.at:end]), " \r\n")) > 0 {
			return
		}
		r.reader = nil
		r.pass(end)
	}
}

func (r *records) pass(end int) {
	r.next += bytes.Count(r.data[r.at:end], []byte{'\n'})
	r.at = end
}

// lineEnd returns the index behind the first line.
func lineEnd(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}
