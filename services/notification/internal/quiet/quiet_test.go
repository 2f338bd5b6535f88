package quiet_test

import (
	"testing"
	"time"

	"orderflow.example/services/notification/internal/quiet"
)

func TestQuietHoursLastUntilTheirEndInTheCustomersZone(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	summer := func(hour, minute int) time.Time { return time.Date(2026, 7, 1, hour, minute, 0, 0, london).UTC() }
	for _, c := range []struct {
		now      time.Time
		from, to string
		want     time.Duration
	}{
		{summer(21, 59), "22:00", "07:00", 0}, {summer(22, 0), "22:00", "07:00", 9 * time.Hour},
		{summer(0, 30), "22:00", "07:00", 6*time.Hour + 30*time.Minute}, {summer(7, 0), "22:00", "07:00", 0},
		{summer(13, 0), "12:00", "14:30", 90 * time.Minute}, {summer(15, 0), "12:00", "14:30", 0}, {summer(12, 0), "", "", 0},
		// The night in which the clocks go forward has an hour less.
		{time.Date(2026, 3, 28, 23, 0, 0, 0, london), "22:00", "07:00", 7 * time.Hour},
	} {
		if got := quiet.Until(c.now, c.from, c.to, "Europe/London"); got != c.want {
			t.Errorf("at %v, %s to %s: %v, want %v", c.now, c.from, c.to, got, c.want)
		}
	}
	if got := quiet.Until(summer(23, 0), "22:00", "07:00", "Mars"); got != 0 {
		t.Errorf("in a zone there is not: %v", got)
	}
}
