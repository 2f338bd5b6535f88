package demo

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// yearFirst matches an unambiguous date.
var yearFirst = regexp.MustCompile(`^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[ T]+(.*))?$`)

// clocks are the accepted formats of times of day.
var clocks = [...]string{"15:04:05", "15:04", "15:04:05Z", "3:04:05 PM", "3:04 PM", "3:04:05PM", "3:04PM"}

var errNoDate = errors.New("the date is not valid")

// readTime parses a date, with or without a time of day. Unclear means that the date is ambiguous, as the order of day
// and month is not known.
func readTime(text string, dates DateOrder) (at time.Time, unclear bool, err error) {
	if p := yearFirst.FindStringSubmatch(text); p != nil {
		at, err = calendar(number(p[1]), number(p[2]), number(p[3]), p[4])
		return at, false, err
	}
	p := yearLast.FindStringSubmatch(text)
	if p == nil {
		return at, false, errNoDate
	}
	day, month := number(p[1]), number(p[2])
	if dates == MonthFirst {
		day, month = month, day
	}
	at, err = calendar(number(p[3]), month, day, p[4])
	return at, dates == Undecided && day != month, err
}

func calendar(year, month, day int, clock string) (time.Time, error) {
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if at.Year() != year || int(at.Month()) != month || at.Day() != day {
		return at, errNoDate
	}
	if clock == "" {
		return at, nil
	}
	for _, layout := range clocks {
		if t, err := time.Parse(layout, strings.ToUpper(clock)); err == nil {
			return time.Date(year, time.Month(month), day, t.Hour(), t.Minute(), t.Second(), 0, time.UTC), nil
		}
	}
	return at, errNoDate
}

// number parses at most four digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
