// Package servicetest runs a service in processes of its own beside a broker and a database, so that a test can kill them. The
// test says what the other services say. It is for promises that a kill -9 might break; endtoend has those that need several
// services.
package servicetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/embedded"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// asService is the environment variable that makes a test's program the service.
const asService = "ORDERFLOW_TEST_AS_SERVICE"

// patience is how long Until waits, however slow the machine is.
const patience = 5 * time.Minute

// Main runs the tests of a package, or, in a process that a Site has started, the service:
//
//	func TestMain(m *testing.M) { servicetest.Main(m, App) }
func Main(m *testing.M, app service.App) {
	if args := os.Getenv(asService); args != "" {
		os.Args = append([]string{app.Name}, strings.Split(args, " ")...)
		service.Run(app)
		return
	}
	embeddedtest.Main(m)
}

// Site is a broker and a database of its own, as the service has one database on each, and the topics that it writes and reads.
type Site struct {
	testing.TB
	Kafka    *kafka.Client
	Postgres string // URL

	partitions int
	producer   *kafka.Producer
	sequence   map[string]int64
	key        []byte
	args       string
}

// Open prepares a site. The flags, separated by one space, are given to each process.
func Open(t testing.TB, app service.App, partitions int, flags string) *Site {
	t.Helper()
	dir := t.TempDir()
	broker, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Dir: filepath.Join(dir, "kafka")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	server, err := embedded.StartPostgres(t.Context(), embedded.PostgresConfig{Dir: filepath.Join(dir, "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	s := &Site{TB: t, Kafka: kafka.Dial(kafka.Config{Brokers: []string{broker.Addr()}}), Postgres: server.URL(),
		partitions: partitions, sequence: map[string]int64{}, key: bytes.Repeat([]byte("k"), 32)}
	t.Cleanup(s.Kafka.Close)
	if _, err := s.Kafka.CreateTopics(t.Context(), service.Topics(partitions, 1, app)); err != nil {
		t.Fatal(err)
	}
	s.producer = s.Kafka.NewProducer()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, s.key, 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = strings.TrimSpace(fmt.Sprintf("--data-dir %s --kafka %s --postgres %s --partitions %d --jwt-key-file %s "+
		"--http-addr 127.0.0.1:0 --ops-addr 127.0.0.1:0 --log-level warn %s",
		dir, broker.Addr(), s.Postgres, partitions, key, flags))
	return s
}

// Process is one process of the service.
type Process struct {
	command *exec.Cmd
	ready   chan Addresses
	at      Addresses // once it is ready
}

// Addresses are the URLs of a process's listeners; Customers is empty if it has none for them.
type Addresses struct{ Customers, Operators string }

// Start starts a process. It does not wait until it is ready.
func (s *Site) Start() *Process {
	s.Helper()
	p := &Process{command: exec.Command(os.Args[0]), ready: make(chan Addresses, 1)}
	p.command.Env = append(os.Environ(), asService+"="+s.args)
	p.command.Stderr = os.Stderr
	out, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(p.Kill)
	go func() {
		said, buffer := "", make([]byte, 1000)
		for {
			n, err := out.Read(buffer)
			said += string(buffer[:n])
			if line, _, whole := strings.Cut(said, "\n"); whole && strings.HasPrefix(line, "ready ") {
				listeners, operators, _ := strings.Cut(line, " operators ")
				at := Addresses{Operators: operators}
				if words := strings.Fields(listeners); len(words) == 3 { // ready NAME URL
					at.Customers = words[2]
				}
				p.ready <- at
				return
			}
			if err != nil {
				close(p.ready)
				return
			}
		}
	}()
	return p
}

// Ready waits until the process is ready.
func (s *Site) Ready(p *Process) Addresses {
	s.Helper()
	if p.at.Operators != "" {
		return p.at
	}
	select {
	case p.at = <-p.ready:
	case <-time.After(patience):
	}
	if p.at.Operators == "" {
		s.Fatal("the process ended, or did not become ready; its log is above")
	}
	return p.at
}

// Kill is kill -9.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

// Tell appends events to their producers' topics, as their outboxes would.
func (s *Site) Tell(events ...saga.Event) {
	s.Helper()
	batches := map[string]*kafka.Batch{}
	for _, e := range events {
		topic, partition := saga.Topic(e.Type), kafka.PartitionOf(e.Key, s.partitions)
		at := fmt.Sprint(topic, partition)
		s.sequence[at]++
		data, err := json.Marshal(e.Data)
		if err != nil {
			s.Fatal(err)
		}
		if batches[at] == nil {
			batches[at] = &kafka.Batch{Topic: topic, Partition: partition}
		}
		batches[at].Records = append(batches[at].Records, kafka.Record{
			Key: e.Key, ID: fmt.Sprintf("%s-%d", at, s.sequence[at]), Type: e.Type, Source: "/" + saga.Producer(e.Type),
			Correlation: e.Key, Time: time.Now().UTC(), Sequence: s.sequence[at], Data: data})
	}
	for _, b := range batches {
		if acks := s.producer.Publish(s.Context(), []kafka.Batch{*b}); acks[0].Err != nil {
			s.Fatal(acks[0].Err)
		}
	}
}

// Until waits until something holds.
func (s *Site) Until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// Token is a token that the processes accept.
func (s *Site) Token(audience, subject string) string {
	s.Helper()
	token, err := httpserver.Mint(s.key, audience, subject, time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	return token
}
