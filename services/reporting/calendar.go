package reporting

import (
	"fmt"
	"time"
)

// dayForm is how business days are written.
const dayForm = time.DateOnly

// grace is how long after its end a day is closed, so that events on their way are still of the day.
const grace = 10 * time.Minute

// Calendar is the business days of a time zone, which have 24 hours but for those on which clocks change.
type Calendar struct{ Zone *time.Location }

// Day is the business day of a time.
func (c Calendar) Day(t time.Time) string { return t.In(c.Zone).Format(dayForm) }

// Bounds are the beginning and the end of a day. The end is the beginning of the next one.
func (c Calendar) Bounds(day string) (begins, ends time.Time, err error) {
	d, err := time.ParseInLocation(dayForm, day, time.UTC)
	if err != nil {
		return begins, ends, fmt.Errorf("%q is no business day: want one as 2026-03-01", day)
	}
	return c.midnight(d), c.midnight(d.AddDate(0, 0, 1)), nil
}

// midnight is the first moment of a date. Where clocks go forward at midnight, the date begins later.
func (c Calendar) midnight(date time.Time) time.Time {
	at := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, c.Zone)
	if c.Day(at) < date.Format(dayForm) {
		_, at = at.ZoneBounds()
	}
	return at.UTC()
}

// next is the business day after a day.
func (c Calendar) next(day string) string {
	_, ends, err := c.Bounds(day)
	if err != nil {
		panic(err) // its event is parked
	}
	return c.Day(ends)
}

// timeForm is how times are written: texts that sort as the times do.
const timeForm = "2006-01-02T15:04:05.000000Z"

// moment reads the time that an event carries; the zero time if it is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Written is how the books write a time.
func Written(t time.Time) string { return t.UTC().Format(timeForm) }
