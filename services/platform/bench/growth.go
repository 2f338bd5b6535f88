package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// GrowthOptions say which curves are measured, and at which points.
type GrowthOptions struct {
	Options          // of every point, but for what its curve varies
	Ended      []int // sagas in the databases, ascending
	Open       []int // sagas in flight
	Partitions []int
	Engines    []int // of each service, in this process
}

// Point is one point of a curve.
type Point struct {
	Curve     string  `json:"curve"` // what was varied
	At        int     `json:"at"`
	Window    Window  `json:"window"`
	Own       float64 `json:"resident_mib"`          // of this process, embedded broker included
	Postgres  float64 `json:"postgres_resident_mib"` // 0 unless Postgres is private
	Databases float64 `json:"databases_mib"`
}

// RunGrowth measures how the cost of a saga grows with what is in the databases, with what is in flight, with the
// partitions, and with the processes of a service. The curve of the databases is one run; every other point has a site
// of its own.
func RunGrowth(ctx context.Context, o GrowthOptions) ([]Point, error) {
	points, err := o.ended(ctx)
	if err != nil {
		return points, err
	}
	for _, curve := range []struct {
		name string
		at   []int
		set  func(*Options, int)
	}{
		{"in flight", o.Open, func(o *Options, n int) { o.InFlight = n }},
		{"partitions", o.Partitions, func(o *Options, n int) { o.Partitions = n }},
		{"processes", o.Engines, func(o *Options, n int) { o.Engines = n }},
	} {
		for _, n := range curve.at {
			one := o.Options
			curve.set(&one, n)
			p, err := one.point(ctx, curve.name, n)
			if err != nil {
				return points, fmt.Errorf("%s: %d: %w", curve.name, n, err)
			}
			points = append(points, p)
		}
	}
	return points, nil
}

// ended measures one site again and again, while its databases fill.
func (o GrowthOptions) ended(ctx context.Context) (points []Point, err error) {
	if len(o.Ended) == 0 {
		return nil, nil
	}
	r, err := serve(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, n := range o.Ended {
		for int(r.started.Load()) < n {
			w, err := r.measure(o.InFlight, o.Window)
			if err != nil {
				return points, err
			}
			o.tell("ended", int(r.started.Load()), w)
		}
		p, err := r.point(ctx, "ended", n)
		if err != nil {
			return points, err
		}
		points = append(points, p)
	}
	return points, r.check(ctx)
}

func (o Options) point(ctx context.Context, curve string, n int) (p Point, err error) {
	r, err := serve(ctx, o)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if p, err = r.point(ctx, curve, n); err != nil {
		return p, err
	}
	return p, r.check(ctx)
}

func (r *running) point(ctx context.Context, curve string, n int) (Point, error) {
	o := r.site.options
	w, err := r.measure(o.InFlight, o.Window)
	if err != nil {
		return Point{}, err
	}
	o.tell(curve, n, w)
	data, _ := filepath.Glob(filepath.Join(o.Dir, "bench-*", "postgres"))
	p := Point{Curve: curve, At: n, Window: w}
	if len(data) == 1 {
		resident := findProcesses(data[0], o.Kafka).resident()
		p.Own, p.Postgres = resident.Own, resident.Postgres
	}
	for _, s := range r.site.services[1:] {
		var bytes int64
		if err := s.db.Gorm().WithContext(ctx).Raw("SELECT pg_database_size(current_database())").Scan(&bytes).Error; err != nil {
			return p, err
		}
		p.Databases += float64(bytes) / (1 << 20)
	}
	return p, nil
}

func (o Options) tell(curve string, n int, w Window) {
	fmt.Fprintf(o.Progress, "%s %d: %.0f sagas a second, %.0f µs of the machine each\n", curve, n, w.PerSecond, w.SystemPerSaga)
}

// PrintGrowth writes the points as one table.
func PrintGrowth(w io.Writer, machine Machine, points []Point) error {
	fmt.Fprintf(w, "Sagas of five steps on the engine, every tenth compensated. %s\n\n", machine)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []string{"curve", "at", "sagas/s", "p50 ms", "p99 ms", "CPU µs/saga", "whole machine", "MiB", "Postgres MiB", "databases MiB"}
	fmt.Fprintln(table, strings.Join(columns, "\t")+"\t")
	for _, p := range points {
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", p.Curve, p.At, p.Window.PerSecond, p.Window.P50,
			p.Window.P99, p.Window.CPUPerSaga, p.Window.SystemPerSaga, p.Own, p.Postgres, p.Databases)
	}
	return table.Flush()
}

// DefaultGrowth are the points that the curves have unless others are asked for.
func DefaultGrowth(o Options) GrowthOptions {
	o.Window, o.WarmUp = 5*time.Second, 2*time.Second
	return GrowthOptions{Options: o, Ended: []int{10_000, 30_000, 100_000, 300_000, 1_000_000},
		Open: []int{100, 1_000, 10_000, 100_000}, Partitions: []int{1, 2, 4, 8, 16, 32}, Engines: []int{1, 2, 3, 4}}
}
