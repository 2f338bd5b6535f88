package command

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orderflow.example/shared/service"
)

// hang does not return, as a request to a server that was stopped.
func hang(context.Context) (int, error) { select {} }

func TestACommandEndsWhenAServerIsLostInTheMiddle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone, frozen := errors.New("gone"), time.Now().Add(30*time.Second)
		hold := make(chan struct{})
		defer close(hold)
		_, err := answered(t.Context(), func(ctx context.Context) error {
			if time.Now().Before(frozen) {
				return nil
			}
			<-ctx.Done()
			return gone
		}, func(context.Context) (int, error) { <-hold; return 0, nil })
		if took := time.Since(frozen); !errors.Is(err, gone) || took > 12*time.Second {
			t.Errorf("%v, %v after the server was stopped", err, took)
		}
	})
}

func TestOneAnswerThatIsMissedEndsNoCommand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		missed := false
		got, err := answered(t.Context(), func(context.Context) error {
			if missed = !missed; missed {
				return errors.New("late")
			}
			return nil
		}, func(context.Context) (int, error) { time.Sleep(time.Minute); return 7, nil })
		if got != 7 || err != nil {
			t.Errorf("%d %v", got, err)
		}
	})
}

func TestACommandEndsWhenItIsInterruptedWhateverItWaitsFor(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := answered(ctx, nil, hang); !errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// silent is an address that accepts connections and never sends anything, as a process that was stopped.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestACommandEndsWhereNothingAnswers(t *testing.T) {
	t.Parallel()
	address, dir := silent(t), t.TempDir()
	if _, err := (service.Config{DataDir: dir}).Key(); err != nil {
		t.Fatal(err)
	}
	running := `{"pid": 1, "kafka": ["` + address + `"], "operators": "http://` + address + `", "storefront": "http://` + address +
		`"}`
	if err := os.WriteFile(filepath.Join(dir, "running.json"), []byte(running), 0o600); err != nil {
		t.Fatal(err)
	}
	nobody := "postgres://nobody@" + address + "/none?sslmode=disable"
	for name, args := range map[string][]string{
		"verify":                 {"verify"},
		"verify of two servers":  {"verify", "--kafka", address, "--postgres", nobody},
		"topics check":           {"topics", "check"},
		"topics check, --kafka":  {"topics", "check", "--kafka", address},
		"topics create, --kafka": {"topics", "create", "--kafka", address},
		"in-flight":              {"choreography", "--in-flight"},
		"parked list":            {"parked", "list"},
		"parked, --postgres":     {"parked", "list", "--postgres", nobody},
		"demo":                   {"demo", "--limit", "1", "--url", "http://" + address},
		"demo, both listeners":   {"demo", "--limit", "1", "--url", "http://" + address, "--ops-url", "http://" + address},
		"migrate":                {"migrate", "--postgres", nobody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr strings.Builder
			root := Root()
			root.SetArgs(append(args, "--data-dir", dir))
			// It must end at all; the test above checks the time with a clock of its own.
			if code := service.Execute(t.Context(), root, &stderr); code != service.CodeEnvironment ||
				strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("exit code %d: %s", code, stderr.String())
			}
		})
	}
}
