package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"orderflow.example/services/platform/bench"
	"orderflow.example/shared/service"
)

// backlog is the storefront's limit during the burst.
const backlog = 10 * time.Second

// runBurst sends more orders than can be processed, to all services in one process, on an Apache Kafka of its own.
func runBurst(ctx context.Context, o Options) (b bench.Burst, err error) {
	dir := filepath.Join(o.Dir, burst)
	kafka := &broker{script: filepath.Join(o.Scripts, "kafka.sh"), dir: filepath.Join(dir, "kafka"),
		port: fmt.Sprint(20000 + os.Getpid()%5000*2)}
	if err := os.MkdirAll(kafka.dir, 0o755); err != nil {
		return b, err
	}
	defer func() {
		kafka.kill()
		if err == nil && b.Holds() {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := kafka.start(ctx); err != nil {
		return b, err
	}
	config := service.Config{Kafka: []string{kafka.address()}, DataDir: dir, Partitions: partitions, LogFormat: "text",
		Own: service.Settings{"backlog": backlog}}
	return bench.RunBurst(ctx, bench.ProductOptions{Config: config, Progress: o.Progress, Log: slog.New(slog.DiscardHandler)})
}
