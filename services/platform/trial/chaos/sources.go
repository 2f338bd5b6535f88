package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial/chaos/witness"
	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// sources are the topics, databases and APIs that are read once the faults are over.
type sources struct{ witness.Sources }

func (f *fleet) open(ctx context.Context) (s sources, done func(), err error) {
	_, world := f.world.addresses()
	client := kafka.Dial(kafka.Config{Brokers: []string{f.broker.address()}, ClientID: "chaos"})
	s.Sources = witness.Sources{Kafka: client, Databases: map[string]*database.DB{}, World: run.World,
		Book: world + "/sim/gateway/book", Token: f.token(httpserver.AudienceOperators, "chaos")}
	done = func() {
		s.Kafka.Close()
		for _, db := range s.Databases {
			db.Close()
		}
	}
	names := []string{run.World}
	for _, app := range run.Apps {
		if len(app.Bindings) > 0 {
			names = append(names, app.Name)
		}
	}
	for _, name := range names {
		if s.Databases[name], err = f.database(ctx, "orderflow_"+name); err != nil {
			return s, done, err
		}
	}
	return s, done, nil
}

// verify runs the product's own command, and returns its last line if it fails.
func (f *fleet) verify(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(f.bin, "orderflow"), "verify", "--kafka", f.broker.address(),
		"--postgres", f.postgres.server.URL(), "--partitions", fmt.Sprint(partitions),
		"--data-dir", filepath.Join(f.dir, "of-verify"), "--log-level", "error")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return holds, nil
	case !errors.As(err, &ended) || ended.ExitCode() != service.CodeFailed:
		return "", fmt.Errorf("orderflow verify: %w: %s", err, strings.TrimSpace(said.String()))
	}
	if err := os.WriteFile(filepath.Join(f.dir, "verify.txt"), out, 0o644); err != nil {
		return "", err
	}
	return strings.TrimSpace(said.String()), nil
}

// settle waits until nothing is pending, and returns what is pending at the timeout.
func (s sources) settle(ctx context.Context, until time.Time) (waits string) {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for still := 0; ; {
		now, err := s.pending(ctx)
		switch {
		case err == nil && now == "":
			if still++; still == 2 { // the databases are not read at the same instant
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

// pending returns the open work: open orders, unanswered calls, events not applied everywhere.
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
