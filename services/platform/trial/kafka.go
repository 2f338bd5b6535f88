package trial

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Kafka is the broker that ORDERFLOW_TEST_KAFKA (host:port) names, for one installation: others wait, those of other processes
// too, as all have the same topics. They are deleted when the test ends. Without the variable it is nil: an installation brings a
// broker of its own.
func Kafka(t testing.TB) (brokers []string) {
	t.Helper()
	addr := os.Getenv("ORDERFLOW_TEST_KAFKA")
	if addr == "" {
		return nil
	}
	path := filepath.Join(os.TempDir(), "orderflow-test-kafka-"+strings.ReplaceAll(addr, ":", "-"))
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = flock(lock)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	client := kafka.Dial(kafka.Config{Brokers: []string{addr}, ClientID: "trial"})
	clear := func() { deleteEvents(t, client) }
	clear() // a run that was killed may have left some
	t.Cleanup(func() { clear(); client.Close() })
	return []string{addr}
}

func flock(file *os.File) (err error) {
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	return err
}

// deleteEvents deletes the services' topics. The engine's own stay: other tests use them at the same time.
func deleteEvents(t testing.TB, client *kafka.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var names []string
	for _, s := range service.Topics(1, 0, run.Apps...) {
		if strings.HasSuffix(s.Name, ".events") {
			names = append(names, s.Name)
		}
	}
	if err := client.DeleteTopics(ctx, names...); err != nil {
		t.Error(err)
	}
}
