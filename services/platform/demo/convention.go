package demo

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Format is the format of a file, decided for the file as a whole.
type Format struct {
	Encoding  string `json:"encoding"`
	Separator string `json:"separator"`
	Dates     string `json:"dates"`   // year first, day first (DD/MM/YYYY) or month first (MM/DD/YYYY)
	Decimal   string `json:"decimal"` // the mark in prices
}

// DateOrder is the order of day and month in dates that end with the year.
type DateOrder string

// The orders of day and month. Undecided means that rows with a day above 12 decide.
const (
	Undecided  DateOrder = ""
	DayFirst   DateOrder = "dmy"
	MonthFirst DateOrder = "mdy"
)

// separators are the possible field separators, the most usual first.
var separators = []rune{',', ';', '\t', '|'}

func separatorName(r rune) string {
	return cmp.Or(map[rune]string{',': "comma", ';': "semicolon", '\t': "tab"}[r], fmt.Sprintf("%q", r))
}

// separator returns the one that the line sep= names, as spreadsheets write it, else the one by which the header has most
// of the columns. The rest begins with the header, on the line given.
func separator(data []byte, columns []string) (comma rune, rest []byte, line int, err error) {
	end := lineEnd(data)
	first := strings.Trim(string(data[:end]), "\r\n\" ")
	if named, ok := strings.CutPrefix(strings.ToLower(first), "sep="); ok {
		comma, size := utf8.DecodeRuneInString(named)
		if size == 0 || size != len(named) || strings.ContainsRune("\"\ufffd", comma) {
			return 0, nil, 0, errors.New("line 1: sep= names no separator of one character")
		}
		return comma, data[end:], 2, nil
	}
	most := -1
	for _, candidate := range separators {
		header, _, _ := newRecords(data, candidate, 1).read()
		if n := len(columns) - len(missing(header, columns)); n > most {
			comma, most = candidate, n
		}
	}
	return comma, data, 1, nil
}

// conventions are the date order and decimal mark of a file.
type conventions struct {
	dates   DateOrder
	decimal string
}

// yearLast is a date whose first two numbers are day and month, in either order.
var yearLast = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(.*))?$`)

// survey counts the evidence for each convention.
type survey struct {
	dayFirst, monthFirst int // lines of the first dates that can be read in one way only; 0: none
	commas, points       int // prices with one decimal mark or the other
}

func (s *survey) row(line int, date, price string) {
	if parts := yearLast.FindStringSubmatch(date); parts != nil {
		first, second := number(parts[1]), number(parts[2])
		switch {
		case first > 12 && first <= 31 && second >= 1 && second <= 12 && s.dayFirst == 0:
			s.dayFirst = line
		case second > 12 && second <= 31 && first >= 1 && first <= 12 && s.monthFirst == 0:
			s.monthFirst = line
		}
	}
	switch mark := strings.LastIndexAny(price, ",."); {
	case mark < 0:
	case price[mark] == '.':
		s.points++
	case len(price)-mark-1 != 3: // 1,234 may be a thousand
		s.commas++
	}
}

// decide returns the conventions, or an error that says how to settle them.
func (s *survey) decide(asked DateOrder) (c conventions, err error) {
	c = conventions{dates: asked, decimal: "."}
	if s.commas > s.points {
		c.decimal = ","
	}
	switch {
	case asked != Undecided:
	case s.dayFirst > 0 && s.monthFirst > 0:
		return c, fmt.Errorf("the date on line %d has the day first, that on line %d the month first; "+
			"give the right one with --dates dmy or --dates mdy, and rows of the other order are refused", s.dayFirst, s.monthFirst)
	case s.dayFirst > 0:
		c.dates = DayFirst
	case s.monthFirst > 0:
		c.dates = MonthFirst
	}
	return c, nil
}

// datesName is the order as the report prints it.
func (c conventions) datesName() string {
	switch c.dates {
	case DayFirst:
		return "day first (DD/MM/YYYY)"
	case MonthFirst:
		return "month first (MM/DD/YYYY)"
	}
	return "year first"
}

// unixLines replaces the line ends of a file whose lines end with carriage returns alone.
func unixLines(data []byte) []byte {
	if bytes.IndexByte(data, '\n') >= 0 {
		return data
	}
	return bytes.ReplaceAll(data, []byte{'\r'}, []byte{'\n'})
}
