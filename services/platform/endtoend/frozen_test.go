package endtoend_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

func TestACommandEndsWhereThePlatformStandsStillOrIsGone(t *testing.T) {
	t.Parallel()
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	dir, other := openDir(t), openDir(t)
	p := trial.Run(t, orderflow, "up", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0",
		"--log-level", "warn")
	asked := map[string][]string{
		"verify":       {"verify", "--data-dir", dir},
		"topics check": {"topics", "check", "--data-dir", dir},
		"in-flight":    {"choreography", "--in-flight", "--data-dir", dir},
		"demo":         {"demo", "--limit", "3", "--data-dir", dir, "--url", p.Customers},
		"parked":       {"parked", "list", "--data-dir", dir},
	}
	ends := func(t *testing.T, says string) {
		t.Helper()
		for name, args := range asked {
			_, stderr, code := trial.Command(orderflow, args...)
			last := lastLine(stderr)
			if code != 3 || !strings.HasPrefix(last, "orderflow: ") || !strings.Contains(last, says) {
				t.Errorf("%s: exit code %d: %s", name, code, stderr)
			}
		}
	}
	if _, stderr, code := trial.Command(orderflow, asked["verify"]...); code != 0 {
		t.Fatalf("verify on a platform that runs: exit code %d: %s", code, stderr)
	}
	demo := func(dir, url string) []string {
		return []string{"demo", "--limit", "3", "--data-dir", dir, "--url", url}
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nobody listens at --url":              {demo(dir, "http://"+closedPort(t)), 3, "no platform answers at"},
		"the data directory of another":        {demo(other, p.Customers), 3, "there is no installation"},
		"a --url that --data-dir does not run": {demo(dir, p.Operators), 2, "say the operators' listener"},
		"no URL":                               {demo(dir, "127.0.0.1:8080"), 2, "want http://"},
		"no order of dates":                    {[]string{"demo", "--dates", "ymd", "--data-dir", dir}, 2, "want dmy or mdy"},
		"a token of nowhere": {[]string{"token", "--customer", "ann", "--data-dir", filepath.Join(other, "typo")}, 3,
			"there is no installation"},
	} {
		_, stderr, code := trial.Command(orderflow, c.args...)
		if code != c.code || !strings.Contains(lastLine(stderr), c.says) {
			t.Errorf("%s: exit code %d: %s", name, code, stderr)
		}
	}
	if left, err := os.ReadDir(other); err != nil || len(left) > 0 {
		t.Errorf("a directory was filled by asking about it: %v %v", left, err)
	}
	p.Freeze()
	ends(t, "answer")
	p.Thaw()
	p.Kill()
	ends(t, "start it")
}

func TestTheFirstSignalEndsACommandThatWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	for name, args := range map[string]func(address, dir string) []string{
		"verify": func(address, dir string) []string {
			return []string{"verify", "--data-dir", dir, "--kafka", address, "--postgres", "postgres://nobody@" + address + "/none"}
		},
		"topics check": func(address, dir string) []string {
			return []string{"topics", "check", "--data-dir", dir, "--kafka", address}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			var stderr bytes.Buffer
			cmd := exec.Command(orderflow, args(silent.Addr().String(), openDir(t))...)
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			if _, err := silent.Accept(); err != nil { // accepted: the command now waits for an answer
				t.Fatal(err)
			}
			cmd.Process.Signal(syscall.SIGTERM)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("exit code %d: %s", code, stderr.String())
			}
		})
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestAPrivatePostgresThatIsKilledIsStartedAgainAndOrdersGoOn(t *testing.T) {
	t.Parallel()
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	dir := openDir(t)
	p := trial.Run(t, orderflow, "up", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0",
		"--world-speed", "100", "--log-level", "warn")
	key, err := service.Config{DataDir: dir}.Key()
	if err != nil {
		t.Fatal(err)
	}
	site := &trial.Site{Key: key, Storefront: func() string { return p.Customers },
		Operators: func(string) string { return p.Operators }}
	site.Sell(t, "MUG", 255, 100)
	basket := trial.NewBasket(trial.Line{SKU: "MUG", Quantity: 1})
	before := site.Buy(t, basket)
	killed := killPostmaster(t, dir)
	trial.Await(t, "another Postgres", func() (bool, string) {
		pid, err := postmaster(dir)
		return err == nil && pid != killed, p.Log()
	})
	answer, err := insist(site, "bob", "/v1/orders", basket, "Idempotency-Key: after")
	if err != nil || answer.Status != 202 {
		t.Fatalf("%+v %v: %s", answer, err, p.Log())
	}
	for _, buyer := range []*trial.Buyer{before, {Site: site, Name: "bob", ID: trial.Read[trial.Order](t, answer).ID}} {
		buyer.Await(t, "completed")
	}
	if _, stderr, code := trial.Command(orderflow, "verify", "--data-dir", dir); code != 0 {
		t.Errorf("verify: exit code %d: %s", code, stderr)
	}
	if code, took := p.Terminate(); code != 0 {
		t.Errorf("stopped with %d after %v: %s", code, took, p.Log())
	}
}

func killPostmaster(t *testing.T, dir string) int {
	t.Helper()
	pid, err := postmaster(dir)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// postmaster returns the process of the private Postgres.
func postmaster(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}
