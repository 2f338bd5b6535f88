package service_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/service"
)

// TestMain also runs the child process of the tests of signals.
func TestMain(m *testing.M) {
	behaviour := os.Getenv("SERVICE_TEST_CHILD")
	if behaviour == "" {
		embeddedtest.Main(m)
	}
	service.Main(&cobra.Command{Use: "child", RunE: func(cmd *cobra.Command, _ []string) error {
		os.Stdout.WriteString("ready\n")
		<-cmd.Context().Done()
		os.Stdout.WriteString("stopping\n")
		if behaviour == "hangs" {
			select {}
		}
		return cmd.Context().Err()
	}})
}

// signalled starts a child and sends it a signal per line it writes.
func signalled(t *testing.T, behaviour string, signals ...syscall.Signal) (code int, stderr string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Args = child.Args[:1]
	child.Env = append(os.Environ(), "SERVICE_TEST_CHILD="+behaviour)
	var errors bytes.Buffer
	child.Stderr = &errors
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, signal := range signals {
		if !lines.Scan() {
			t.Fatal("the child ended early: " + errors.String())
		}
		child.Process.Signal(signal)
	}
	for lines.Scan() {
	}
	child.Wait()
	return child.ProcessState.ExitCode(), errors.String()
}

func TestOneSignalStopsInOrderASecondAtOnce(t *testing.T) {
	t.Parallel()
	if code, stderr := signalled(t, "stops", syscall.SIGTERM); code != 0 || stderr != "" {
		t.Errorf("SIGTERM: got %d %q", code, stderr)
	}
	if code, stderr := signalled(t, "hangs", syscall.SIGINT, syscall.SIGINT); code != 130 ||
		!strings.Contains(stderr, "second signal") {
		t.Errorf("twice SIGINT: got %d %q", code, stderr)
	}
}

func TestASecretIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var all sync.WaitGroup
	secrets := make([]string, 8)
	for i := range secrets {
		all.Go(func() {
			secret, err := service.Secret(dir, "jwt.key")
			if err != nil {
				t.Error(err)
			}
			secrets[i] = string(secret)
		})
	}
	all.Wait()
	for _, secret := range secrets {
		if secret != secrets[0] || len(secret) != 64 {
			t.Errorf("got %d and %d bytes", len(secret), len(secrets[0]))
		}
	}
	if other, _ := service.Secret(dir, "other"); string(other) == secrets[0] {
		t.Error("two names have the same secret")
	}
	path := filepath.Join(dir, ".secrets", "jwt.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Secret(dir, "jwt.key"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret that everybody can read: %v", err)
	}
	if _, err := service.Secret(dir, "../x"); err == nil {
		t.Error("a secret outside the directory")
	}
}

func TestTheKeyFileIsCheckedAndNeverPrinted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := service.Config{JWTKeyFile: path}.Key()
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	key := strings.Repeat("k", 40)
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (service.Config{JWTKeyFile: path}).Key(); err != nil || string(got) != key {
		t.Errorf("got %q %v", got, err)
	}
}
