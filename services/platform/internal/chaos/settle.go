package chaos

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// settle waits until nothing is still to come, and returns what still is when it is too late.
func (s sources) settle(ctx context.Context, until time.Time) (waits string) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for still := 0; ; {
		now, err := s.pending(ctx)
		switch {
		case err == nil && now == "":
			if still++; still == 2 { // the databases are not read at one instant
				return ""
			}
			waits = ""
		case err == nil:
			still = 0
			waits = now
		case ctx.Err() == nil:
			waits = err.Error()
		}
		if !pause(ctx, 500*time.Millisecond) {
			return cmp.Or(waits, "the databases do not answer")
		}
	}
}

// pending is what is still to come: orders that are open, questions not answered, events not applied everywhere.
func (s sources) pending(ctx context.Context) (string, error) {
	type row struct {
		Topic     string
		Partition int
		Sequence  int64
	}
	given, applied := map[string]int64{}, map[string][]row{}
	var waits []string
	for name, db := range s.Databases {
		if name == s.World {
			continue
		}
		var counters, marks []row
		var calls, open int64
		g := db.Gorm().WithContext(ctx)
		err := g.Raw(`SELECT partition, sequence FROM engine.counter`).Scan(&counters).Error
		if err == nil {
			err = g.Raw(`SELECT topic, partition, sequence FROM engine.watermark`).Scan(&marks).Error
		}
		if err == nil {
			err = g.Raw(`SELECT count(*) FROM engine.call`).Scan(&calls).Error
		}
		if err == nil && name == "storefront" {
			err = g.Raw(`SELECT count(*) FROM orders WHERE open`).Scan(&open).Error
		}
		if err != nil {
			return "", err
		}
		for _, c := range counters {
			given[fmt.Sprintf("%s.events/%d", name, c.Partition)] = c.Sequence
		}
		if applied[name] = marks; calls+open > 0 {
			waits = append(waits, fmt.Sprintf("%s: %d questions, %d open orders", name, calls, open))
		}
	}
	for name, marks := range applied {
		for _, m := range marks {
			if at := fmt.Sprintf("%s/%d", m.Topic, m.Partition); m.Sequence != given[at] {
				waits = append(waits, fmt.Sprintf("%s has applied %d of %d of %s", name, m.Sequence, given[at], at))
			}
		}
	}
	return strings.Join(waits, "; "), nil
}
