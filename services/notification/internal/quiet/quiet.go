// Package quiet knows when customers want no push and no SMS.
package quiet

import "time"

// Until is how long quiet hours still last: 0 outside of them, and where there are none. The hours are times of day, as 22:00, in
// the zone, and may include midnight.
func Until(now time.Time, from, to, zone string) time.Duration {
	location, err := time.LoadLocation(zone)
	if from == "" || to == "" || zone == "" || err != nil {
		return 0
	}
	now = now.In(location)
	for _, day := range []int{-1, 0} { // those that began yesterday, and today's
		begin, ok := at(now, day, from)
		end, alsoOK := at(now, day, to)
		if !ok || !alsoOK {
			return 0
		}
		if !end.After(begin) {
			end, _ = at(now, day+1, to)
		}
		if !now.Before(begin) && now.Before(end) {
			return end.Sub(now)
		}
	}
	return 0
}

func at(now time.Time, days int, clock string) (time.Time, bool) {
	t, err := time.Parse("15:04", clock)
	return time.Date(now.Year(), now.Month(), now.Day()+days, t.Hour(), t.Minute(), 0, 0, now.Location()), err == nil
}
