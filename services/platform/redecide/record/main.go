// Command record writes a recording of the demo's month, for the test that decides it again: see make record.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"time"

	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/progress"
	"orderflow.example/services/platform/redecide"
	"orderflow.example/services/platform/redecide/recording"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/service"
)

func main() {
	if err := record(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(3)
	}
}

// velocity is the number of orders of one customer in an hour above which fraud reviews them.
const velocity = 40

// record runs the demo, with a simulated world that fails now and then and the velocity rule on.
func record(ctx context.Context, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "orderflow-record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // as root, the private Postgres runs as another user
		return err
	}
	c := service.Config{DataDir: dir, HTTPAddr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0", Partitions: 4, LogFormat: "text",
		ValidateProduced: true, Own: run.Simulated(20)}
	c = c.With(service.Settings{"fraud-velocity": velocity, "fraud-velocity-within": time.Hour})
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := run.Start(ctx, c, run.Options{Faults: true, Log: log})
	if err != nil {
		return err
	}
	defer p.Stop()
	if err := play(ctx, p); err != nil {
		return err
	}
	r := recording.Recording{Partitions: p.Partitions, FraudVelocity: velocity, FraudVelocityWithin: time.Hour}
	if r.Heard, err = settled(ctx, p); err != nil {
		return err
	}
	var topics []string
	for _, app := range services.All {
		topics = append(topics, app.Topic())
	}
	if err := r.Read(ctx, p.Host.Kafka, topics...); err != nil {
		return err
	}
	return r.Save(w)
}

func play(ctx context.Context, p *run.Platform) error {
	file, err := demo.Open("")
	if err != nil {
		return err
	}
	defer file.Close()
	o := demo.Options{StorefrontURL: p.StorefrontURL, OperatorsURL: p.OperatorsURL, Progress: progress.NewLines(os.Stderr, "record")}
	if o.Key, err = p.Config.Key(); err != nil {
		return err
	}
	if o.Plan, err = demo.NewPlan(file, demo.Sample, 0, ""); err != nil {
		return err
	}
	report, err := demo.Run(ctx, o)
	if err == nil && !report.Whole() {
		err = fmt.Errorf("%d orders did not end", report.Orders.Unfinished)
	}
	return err
}

// settled waits until the services' watermarks do not move any more, and returns them.
func settled(ctx context.Context, p *run.Platform) (map[string]map[string]map[int]int64, error) {
	for before := map[string]int64{}; ; time.Sleep(5 * time.Second) {
		heard, sums := map[string]map[string]map[int]int64{}, map[string]int64{}
		for name, db := range p.Host.Databases() {
			var c redecide.Config
			if err := c.Standing(ctx, db.Gorm()); err != nil {
				return nil, err
			}
			heard[name] = c.Applied
			for _, partitions := range c.Applied {
				for _, n := range partitions {
					sums[name] += n
				}
			}
		}
		if maps.Equal(before, sums) {
			return heard, nil
		}
		before = sums
	}
}
