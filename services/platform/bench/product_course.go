package bench

import (
	"context"
	"fmt"
	"time"
)

// Stretch holds the figures of some seconds of a load.
type Stretch struct {
	Orders    int       `json:"orders"` // ended on this installation by its end, earlier loads' included
	PerSecond float64   `json:"ended_per_second"`
	CPU       Processes `json:"cpu_ms_per_order"`
	Resident  Processes `json:"resident_mib"`
}

// The interval of progress lines; longer for a long load, so that its course is short.
const (
	tellEvery = 5 * time.Second
	stretches = 20
)

// tell prints the load's progress at intervals, and the cost of the orders since the last time.
func (l *orderLoad) tell(ctx context.Context) {
	every := max(tellEvery, l.window/stretches)
	began, before, cpu := time.Now(), 0, l.shop.processes.cpu()
	for pause(ctx, every); ctx.Err() == nil; pause(ctx, every) {
		var accepted, shed, ended int
		l.count(time.Now(), func(bool) { accepted, shed, ended = l.accepted, l.shed, l.ended })
		now, used := time.Now(), l.shop.processes.cpu()
		n := ended - before
		s := Stretch{Orders: l.shop.endedBefore + ended, PerSecond: float64(n) / now.Sub(began).Seconds(),
			CPU: used.minus(cpu).over(float64(max(1, n))), Resident: l.shop.processes.resident()}
		l.course = append(l.course, s)
		began, before, cpu = now, ended, used
		fmt.Fprintf(l.progress, "  %d orders accepted, %d shed, %d ended: %.0f a second; "+
			"CPU %.1f ms each, Postgres %.1f ms; memory %.0f MiB, Postgres %.0f MiB\n",
			accepted, shed, ended, s.PerSecond, s.CPU.Own, s.CPU.Postgres, s.Resident.Own, s.Resident.Postgres)
	}
}
