package chaos

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
)

const (
	partitions = 4
	worldSpeed = "20"
)

// fleet is all processes of a run.
type fleet struct {
	dir, bin  string
	key       []byte
	broker    *broker
	postgres  *postgres
	world     *process
	processes []*process // of the services

	mu   sync.Mutex
	died []string // processes that ended by themselves
}

// startFleet starts everything in the run's directory. The fleet must be stopped also after an error.
func startFleet(ctx context.Context, o Options) (*fleet, error) {
	dir := o.dir()
	f := &fleet{dir: dir, bin: o.Bin, key: []byte(rand.Text() + rand.Text())}
	// By process, so that two campaigns on one machine do not meet.
	f.broker = &broker{script: filepath.Join(o.Scripts, "kafka.sh"), dir: filepath.Join(dir, "kafka"),
		port: fmt.Sprint(20000 + os.Getpid()%5000*2)}
	f.postgres = &postgres{dir: filepath.Join(dir, "postgres")}
	for _, sub := range []string{"logs", "pids", "kafka"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return f, err
		}
	}
	keyFile := filepath.Join(dir, "jwt.key")
	if err := os.WriteFile(keyFile, f.key, 0o600); err != nil {
		return f, err
	}
	if err := f.broker.start(ctx); err != nil {
		return f, err
	}
	if err := f.postgres.start(ctx); err != nil {
		return f, err
	}
	flags := []string{"--kafka", f.broker.address(), "--postgres", f.postgres.server.URL(),
		"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--jwt-key-file", keyFile,
		"--log-level", "warn", "--partitions", fmt.Sprint(partitions)}
	outside := []string{"up", "--services", run.World, "--world-speed", worldSpeed, "--faults"}
	f.world = f.process("world", "orderflow", append(outside, flags...))
	if err := f.world.start(ctx); err != nil {
		return f, err
	}
	where, err := run.FindRunning(filepath.Join(dir, "of-world"))
	if err != nil {
		return f, err
	}
	flags = append(flags, o.flags...)
	for i := range o.perService {
		for _, app := range run.Apps {
			if i == 0 || len(app.Bindings) > 0 { // one process of a pure observer is enough
				f.processes = append(f.processes, f.process(fmt.Sprintf("%s-%d", app.Name, i+1), app.Name,
					append(flags, app.Arguments(run.Outside(where.WorldURL))...)))
			}
		}
	}
	// A few at a time: started all at once, they exceed the start timeout.
	group, starting := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, p := range f.processes {
		group.Go(func() error { return p.start(starting) })
	}
	return f, group.Wait()
}

func (f *fleet) process(name, program string, flags []string) *process {
	return &process{name: name, program: filepath.Join(f.bin, program), dir: f.dir,
		args: append(slices.Clone(flags), "--data-dir", filepath.Join(f.dir, "of-"+name)),
		died: func(text string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.died = append(f.died, name+": "+text)
		}}
}

func (f *fleet) endedByThemselves() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.died)
}

// stop ends all processes, the broker and the database.
func (f *fleet) stop() {
	var all sync.WaitGroup
	for _, p := range append(f.processes, f.world) {
		if p != nil {
			all.Go(p.kill)
		}
	}
	all.Wait()
	f.broker.kill()
	if f.postgres.server != nil {
		f.postgres.server.Close()
	}
}

// operators returns the address of an operators' listener of a service; empty while none is up.
func (f *fleet) operators(service string) string {
	for _, p := range f.processes {
		if _, operators := p.addresses(); operators != "" && strings.HasPrefix(p.name, service+"-") {
			return operators
		}
	}
	return ""
}

// storefronts returns the addresses of the storefronts that are up. The payment service's listener only takes webhooks.
func (f *fleet) storefronts() (all []string) {
	for _, p := range f.processes {
		if customers, _ := p.addresses(); customers != "" && strings.HasPrefix(p.name, "storefront-") {
			all = append(all, customers)
		}
	}
	return all
}

func (f *fleet) token(audience, subject string) string {
	token, err := httpserver.Mint(f.key, audience, subject, time.Hour)
	if err != nil {
		panic(err) // cannot be: the key is long enough and the subject not empty
	}
	return token
}
