package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/shared/service"
)

var backlog = service.Flag[time.Duration]{Name: "backlog", Usage: "so much may wait", Default: 10 * time.Second,
	Want: "0, or 1s to 1h", Valid: func(d time.Duration) bool { return d == 0 || d >= time.Second && d <= time.Hour }}

// load runs a command line like the platform's and returns what its command reads.
func load(args ...string) (c service.Config, limit int, err error) {
	root := &cobra.Command{Use: "orderflow", SilenceErrors: true, SilenceUsage: true}
	service.BindFlags(root, service.AdapterURL("gateway-url", "gateway"), backlog)
	up := &cobra.Command{Use: "up", RunE: func(cmd *cobra.Command, _ []string) error {
		c, err = service.Load(cmd)
		return err
	}}
	demo := &cobra.Command{Use: "demo"}
	up.Flags().IntVar(&limit, "limit", 0, "")
	demo.Flags().String("orders", "", "")
	root.AddCommand(up, demo)
	root.SetArgs(append([]string{"up"}, args...))
	err = root.Execute()
	return c, limit, err
}

func file(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "orderflow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheCommandLineWinsOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	path := file(t,
		"data-dir: from-file\npartitions: 8\nkafka: [a:1, b:2]\nbacklog: 20s\nvalidate-produced: true\nlimit: 3\norders: x.csv\n")
	t.Setenv("ORDERFLOW_CONFIG", path)
	t.Setenv("ORDERFLOW_PARTITIONS", "16")
	t.Setenv("ORDERFLOW_LOG_LEVEL", "debug")
	t.Setenv("ORDERFLOW_SERVICES", "order, payment")
	t.Setenv("ORDERFLOW_HTTP_ADDR", "127.0.0.1:1")
	got, limit, err := load("--http-addr", "127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	want := service.Config{DataDir: "from-file", Kafka: []string{"a:1", "b:2"}, HTTPAddr: "127.0.0.1:2", OpsAddr: "127.0.0.1:8081",
		Partitions: 16, LogLevel: slog.LevelDebug, LogFormat: "text", OutboxRetention: 7 * 24 * time.Hour, ValidateProduced: true,
		TraceRatio: 0.1, StopTimeout: service.StopTimeout, Services: []string{"order", "payment"},
		Own: service.Settings{"gateway-url": "", "backlog": 20 * time.Second}}
	if !reflect.DeepEqual(got, want) || limit != 3 {
		t.Errorf("got %+v %d, want %+v 3", got, limit, want)
	}
}

func TestEveryMistakeIsListedAndNoPassword(t *testing.T) {
	t.Setenv("ORDERFLOW_POSTGRES", "mysql://u:s3cret@h/d")
	t.Setenv("ORDERFLOW_OUTBOX_RETENTION", "long")
	path := file(t, "data-dri: x\nhttp:\n  addr: y\n")
	_, _, err := load("--config", path, "--kafka", "broker,ok:9092", "--http-addr", "8080", "--partitions", "0",
		"--log-level", "loud", "--log-format", "xml", "--gateway-url", "gateway", "--backlog", "-1s", "--services",
		"a,a,B", "--data-dir", "",
		"--cors-origins", "https://shop.example/,Shop.example", "--rate-per-customer", "-1", "--rate-per-address", "NaN",
		"--trusted-proxies", "10.0.0.1,10.0.0.0/33", "--stop-timeout", "10ms")
	if err == nil {
		t.Fatal("accepted")
	}
	var exit *service.Exit
	if !errors.As(err, &exit) || exit.Code != service.CodeUsage {
		t.Errorf("got %#v", err)
	}
	for _, part := range []string{"postgres:", "outbox-retention", `"data-dri"`, `"http.addr"`, `"broker"`, `"8080"`,
		"partitions", "log-level", "log-format", "gateway-url", "backlog", "listed twice", `"B"`, "data-dir:",
		`"https://shop.example/"`, `"Shop.example"`, "rate-per-customer", "rate-per-address", `"10.0.0.0/33"`, "stop-timeout"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not mentioned in %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "ok:9092") {
		t.Errorf("the error repeats values: %v", err)
	}
}

func TestAFlagOfAServiceIsReadAsAnyOther(t *testing.T) {
	limit := service.Flag[int]{Name: "limit", Default: 3}
	share := service.Flag[float64]{Name: "share", Default: 0.5}
	gateway := service.AdapterURL("gateway-url", "gateway")
	t.Setenv("ORDERFLOW_SHARE", "0.25")
	t.Setenv("ORDERFLOW_CONFIG", file(t, "gateway-url: https://gateway.example\n"))
	var c service.Config
	cmd := &cobra.Command{Use: "payment", RunE: func(cmd *cobra.Command, _ []string) (err error) {
		c, err = service.Load(cmd)
		return err
	}}
	service.BindFlags(cmd, limit, share, backlog, gateway, gateway) // two services share the gateway
	cmd.SetArgs([]string{"--backlog", "2m"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if limit.Of(c) != 3 || share.Of(c) != 0.25 || backlog.Of(c) != 2*time.Minute || gateway.Of(c) != "https://gateway.example" {
		t.Errorf("%+v", c.Own)
	}
	if help := cmd.UsageString(); !strings.Contains(help, "--backlog duration") || !strings.Contains(help, "(default 10s)") {
		t.Error(help)
	}
	app := service.App{Flags: []service.Declared{backlog, gateway}}
	if got := app.Arguments(c.With(service.Settings{"limit": 7}).Own); !slices.Equal(got, []string{"--backlog=2m0s",
		"--gateway-url=https://gateway.example"}) {
		t.Error(got)
	}
}

func TestTwoFlagsOfOneNameAreRefusedAtTheStartUnlessTheyAreDeclaredAlike(t *testing.T) {
	t.Parallel()
	for what, other := range map[string]service.Declared{
		"another default": service.Flag[time.Duration]{Name: "backlog", Usage: backlog.Usage, Default: time.Second},
		"another meaning": service.Flag[time.Duration]{Name: "backlog", Usage: "lines of an order", Default: backlog.Default},
		"another type":    service.Flag[string]{Name: "backlog", Usage: backlog.Usage, Default: "10s"},
		"a flag of all":   service.Flag[string]{Name: "postgres"},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "is declared twice") {
					t.Errorf("%s: %q", what, text)
				}
			}()
			service.BindFlags(&cobra.Command{}, backlog, other)
		}()
	}
}

func TestAnAbsentFileMattersOnlyWhenItWasNamed(t *testing.T) {
	if _, _, err := load(); err != nil {
		t.Error(err)
	}
	if _, _, err := load("--config", "/nowhere/x.yaml"); err == nil || !strings.Contains(err.Error(), "/nowhere/x.yaml") {
		t.Errorf("got %v", err)
	}
	if _, _, err := load("--config", file(t, "a: [")); err == nil {
		t.Error("broken YAML was accepted")
	}
}

func TestExitCodesSayWhatKindOfFailureItWas(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	plain := errors.New("database down\nsecond line")
	for _, c := range []struct {
		args string
		ctx  context.Context
		err  error
		code int
		line string
	}{
		{"run", context.Background(), nil, 0, ""},
		{"run", context.Background(), plain, 3, "orderflow: database down; second line\n"},
		{"run", context.Background(), service.Failed("two orders differ"), 1, "orderflow: two orders differ\n"},
		{"run", context.Background(), service.Usage("no"), 2, "orderflow: no\n"},
		{"run", context.Background(), errors.Join(service.Environment("port taken")), 3, "orderflow: port taken\n"},
		{"run", cancelled, context.Canceled, 0, ""},
		{"run", context.Background(), context.Canceled, 3, "orderflow: context canceled\n"},
		{"run surplus", context.Background(), nil, 2, ""},
		{"run --nonsense", context.Background(), nil, 2, ""},
		{"nonsense", context.Background(), nil, 2, ""},
		{"group nonsense", context.Background(), nil, 2, ""},
		{"group", context.Background(), nil, 0, ""},
		{"--help", context.Background(), nil, 0, ""},
	} {
		root := &cobra.Command{Use: "orderflow"}
		group := &cobra.Command{Use: "group"}
		group.AddCommand(&cobra.Command{Use: "list", Run: func(*cobra.Command, []string) {}})
		root.AddCommand(group, &cobra.Command{Use: "run", RunE: func(*cobra.Command, []string) error { return c.err }})
		root.SetArgs(strings.Fields(c.args))
		root.SetOut(&bytes.Buffer{})
		var stderr bytes.Buffer
		code := service.Execute(c.ctx, root, &stderr)
		line := stderr.String()
		if code != c.code || c.line != "" && line != c.line || (code != 0) != (strings.Count(line, "\n") == 1) {
			t.Errorf("%q, %v: got %d %q, want %d %q", c.args, c.err, code, line, c.code, c.line)
		}
		if code == 2 && c.err == nil && !strings.Contains(line, "--help") {
			t.Errorf("%q: %q does not point to --help", c.args, line)
		}
	}
}
