package endtoend_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

// fleet is every service as a process of its own, payment and order twice, with one broker, database and world.
type fleet struct {
	orderflow string
	bin       string
	dir       string // of the process with the broker and the database
	flags     []string
	outside   service.Settings
	processes map[string][]*trial.Process
}

func startFleet(t *testing.T) *fleet {
	t.Helper()
	names := []string{"platform"}
	for _, app := range run.Apps {
		names = append(names, app.Name)
	}
	bin := trial.Programs(t, names...)
	return startFleetOf(t, bin, bin, append(names[1:], "payment", "order")...)
}

// startFleetOf starts these services of one build; the world is that of the other.
func startFleetOf(t *testing.T, bin, world string, names ...string) *fleet {
	t.Helper()
	f := &fleet{orderflow: filepath.Join(world, "orderflow"), bin: bin, dir: openDir(t), processes: map[string][]*trial.Process{}}
	f.startWorld(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, name := range names {
		all.Go(func() {
			p, err := f.run(t, name)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			f.processes[name] = append(f.processes[name], p)
			mu.Unlock()
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return f
}

// startWorld starts the process with the broker, the database and the outside world, and with these services.
func (f *fleet) startWorld(t *testing.T, services ...string) {
	t.Helper()
	names := strings.Join(append(services, run.World), ",")
	world := trial.Run(t, f.orderflow, "up", "--services", names, "--data-dir", f.dir, "--world-speed", "20",
		"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--log-level", "warn")
	f.processes[run.World] = []*trial.Process{world}
	text, err := os.ReadFile(filepath.Join(f.dir, "running.json"))
	var where run.Running
	if err == nil {
		err = json.Unmarshal(text, &where)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.flags = []string{"--kafka", where.Kafka[0], "--postgres", where.Postgres, "--http-addr", "127.0.0.1:0",
		"--ops-addr", "127.0.0.1:0", "--jwt-key-file", f.keyFile(), "--log-level", "warn"}
	f.outside = run.Outside(where.WorldURL)
}

// run starts one more process of a service.
func (f *fleet) run(t *testing.T, name string) (*trial.Process, error) {
	args := append([]string{"--data-dir", filepath.Join(f.dir, "of-"+name)}, f.flags...)
	for _, app := range run.Apps {
		if app.Name == name {
			args = append(args, app.Arguments(f.outside)...)
		}
	}
	return trial.TryRun(t, filepath.Join(f.bin, name), args...)
}

func (f *fleet) keyFile() string { return filepath.Join(f.dir, ".secrets", "jwt.key") }

func (f *fleet) site(t *testing.T) *trial.Site {
	t.Helper()
	key, err := os.ReadFile(f.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	return &trial.Site{Key: key, Storefront: func() string { return f.processes["storefront"][0].Customers },
		Operators: func(name string) string { return f.processes[name][0].Operators }}
}

func TestServicesAsProcessesOfTheirOwnShareTheWorkAndSurviveEachOther(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	site := f.site(t)
	if stdout, stderr, code := trial.Command(f.orderflow, "topics", "check", "--data-dir", f.dir); code != 0 {
		t.Errorf("topics check: %d %s%s", code, stdout, stderr)
	}
	site.Sell(t, "fleet", price, 100)
	basket := trial.NewBasket(trial.Line{SKU: "fleet", Quantity: 1})
	basket.PaymentToken = "tok_slow" // so that payments are under way when their process is killed
	var buyers []*trial.Buyer
	for range 24 { // some on each partition
		buyers = append(buyers, site.Buy(t, basket))
	}
	trial.Await(t, "the gateway is asked", func() (bool, string) {
		for _, b := range buyers {
			if site.Book(t, b.ID).Authorized > 0 {
				return true, ""
			}
		}
		return false, ""
	})
	f.processes["payment"][0].Kill()
	f.processes["payment"] = f.processes["payment"][1:]
	f.processes["order"][0].Freeze()
	for range 8 {
		buyers = append(buyers, site.Buy(t, basket))
	}
	for _, b := range buyers {
		b.Await(t, "completed")
		if book := site.Book(t, b.ID); book != (trial.Ledger{Authorized: price, Captured: price}) {
			t.Errorf("order %s: %+v in the gateway's book", b.ID, book)
		}
	}
	buyers[0].AwaitOutcome(t, "fleet", trial.Outcome{Status: "completed", Money: trial.Ledger{Authorized: price, Captured: price},
		Stock: trial.Free(100 - int64(len(buyers)))})
	f.processes["order"][0].Thaw() // it continues in the middle of work that others have finished
	checkHolds(t, f.orderflow, f.dir)
	checkLedger(t, site)
	f.checkTrackerKilled(t, site, buyers)
	checkLedger(t, site)
	var all sync.WaitGroup
	for name, processes := range f.processes {
		if name == run.World {
			continue
		}
		for _, survivor := range processes {
			all.Go(func() {
				if code, took := survivor.Terminate(); code != 0 {
					t.Errorf("%s: SIGTERM: exit code %d after %v: %s", name, code, took, survivor.Log())
				}
			})
		}
	}
	all.Wait()
}

// checkLedger checks that the tracker's process finds money and goods conserved, over the databases of all services.
func checkLedger(t *testing.T, site *trial.Site) {
	t.Helper()
	type state struct {
		Holds  bool
		Rounds int
		Error  string
		Checks []struct{ Name, Skipped string }
		Breaks []any
	}
	trial.Await(t, "the ledger's look", func() (bool, string) {
		answer := site.Operator("tracker").Must(t, 200, "GET", "/v1/conservation", nil)
		s := trial.Read[state](t, answer)
		for _, c := range s.Checks {
			if c.Skipped != "" {
				return false, answer.Body
			}
		}
		return s.Rounds > 0 && s.Holds && s.Error == "" && len(s.Checks) > 5, answer.Body
	})
}

// checkTrackerKilled kills the tracker and checks that the next one returns the same for every order.
func (f *fleet) checkTrackerKilled(t *testing.T, site *trial.Site, buyers []*trial.Buyer) {
	t.Helper()
	stories := func() (told []string) {
		for _, b := range buyers {
			var a trial.Answer
			trial.Await(t, "the tracker to have read the topics, and every service to have said that it has",
				func() (ok bool, seen string) {
					var err error
					a, err = site.Operator("tracker").Send("GET", "/v1/sagas/"+b.ID, nil)
					return err == nil && a.Status == 200 && !strings.Contains(a.Body, `"kind":"reaction"`), a.Body
				})
			told = append(told, a.Body)
		}
		return told
	}
	before := stories()
	f.processes["tracker"][0].Kill()
	next, err := f.run(t, "tracker")
	if err != nil {
		t.Fatal(err)
	}
	f.processes["tracker"] = []*trial.Process{next}
	for i, after := range stories() {
		if after != before[i] {
			t.Errorf("the tracker said\n%s\nand after it was killed\n%s", before[i], after)
		}
	}
}
