package tracker

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
)

// BenchmarkAdd adds 20,000 sagas of 32 events that end, and reports the speed and the memory for each: whole, and packed.
func BenchmarkAdd(b *testing.B) {
	const sagas, events = 20_000, 32
	for name, whole := range map[string]int{"whole": sagas, "packed": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				runtime.GC()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				x := New(machines())
				x.whole = whole
				everythingTaken(x)
				for i := range sagas {
					records := tale(i, events)
					b.StartTimer()
					for j := range records {
						x.Add(&records[j])
					}
					if i%5000 == 0 {
						x.Sweep(time.Unix(0, 0))
					}
					b.StopTimer()
				}
				x.Sweep(time.Unix(1<<40, 0))
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/sagas, "bytes/saga")
				runtime.KeepAlive(x)
				b.StartTimer()
			}
			b.ReportMetric(float64(sagas*events*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// everythingTaken reports that every service has processed all that will come.
func everythingTaken(x *Index) {
	for _, m := range machines() {
		point := Progress{Applied: map[string]int64{}}
		for _, heard := range machines() {
			point.Applied[heard.Service+".events"] = 1 << 40
		}
		x.Report(Report{Service: m.Service, Process: m.Service, At: time.Unix(0, 0), Partitions: []Progress{point}})
	}
}

// tale is the nth saga: placed, many things done, completed, with each service's reaction to its inputs.
func tale(n, events int) []Record {
	s := newScene()
	id := fmt.Sprintf("01950000-0000-7000-8000-%012x", n)
	placed, _ := s.place(float64(n), id)
	last := s.say(float64(n)+1, payment.Voided, id, "", "", nil)
	for len(s.records) < events-1 {
		s.say(float64(n)+1, order.Confirmed, id, last, "", nil)
	}
	s.status(float64(n)+2, id, placed, "completed", true)
	for i := range s.records {
		r := &s.records[i]
		r.Sequence += int64(n) * int64(events)
		r.Offset = r.Sequence
		r.ID = fmt.Sprintf("0195%04x-0000-7000-8000-%012x", i, n)
	}
	return s.records
}
