package trial

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var programs struct {
	sync.Mutex
	dir string
}

// Main runs the tests, and removes the programs that Programs built. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// Programs builds the commands of these services unless they are built already, "platform" for orderflow itself, and
// returns their directory.
func Programs(t testing.TB, services ...string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "orderflow-programs-")
		if err != nil {
			t.Fatal(err)
		}
		programs.dir = dir
	}
	args := []string{"build", "-ldflags=-s -w", "-o", programs.dir + "/"} // without symbols they link in half the time
	for _, name := range services {
		folder, command := name, name
		switch name {
		case "platform":
			command = "orderflow"
		case "tracker":
			folder = "platform" // it knows all services
		}
		if _, err := os.Stat(filepath.Join(programs.dir, command)); err != nil {
			args = append(args, "orderflow.example/services/"+folder+"/cmd/"+command)
		}
	}
	if len(args) > 4 {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return programs.dir
}

// Process is a command that runs until it is stopped.
type Process struct {
	Ready     string        // the line that said it was ready
	ReadyIn   time.Duration // how long that took
	Operators string        // its operators' listener
	Customers string        // its customers' listener, if it has one

	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// Run starts a command that prints "ready", and waits for that. It is killed when the test ends.
func Run(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	p, err := TryRun(t, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TryRun is Run for goroutines that must not end the test.
func TryRun(t testing.TB, program string, args ...string) (*Process, error) {
	log, err := os.CreateTemp(t.TempDir(), "stderr-*")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &Process{cmd: exec.Command(program, args...), log: log.Name(), ended: make(chan struct{})}
	p.cmd.Stderr = log
	p.cmd.Env = append(os.Environ(), "ORDERFLOW_VALIDATE_PRODUCED=true", "ORDERFLOW_STOP_TIMEOUT="+Patience.String())
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	start := time.Now()
	t.Cleanup(p.Kill)
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "ready ") {
				ready <- lines.Text()
			}
		}
		p.cmd.Wait()
		close(p.ended)
	}()
	select {
	case p.Ready = <-ready:
	case <-p.ended:
		return nil, fmt.Errorf("%s %s ended with code %d: %s", filepath.Base(program), strings.Join(args, " "),
			p.cmd.ProcessState.ExitCode(), p.Log())
	case <-time.After(Patience):
		return nil, fmt.Errorf("%s %s is not ready after %v: %s", filepath.Base(program), strings.Join(args, " "), Patience, p.Log())
	}
	p.ReadyIn = time.Since(start)
	fields := strings.Fields(p.Ready)
	for i, f := range fields {
		switch {
		case i > 0 && fields[i-1] == "operators":
			p.Operators = f
		case strings.HasPrefix(f, "http://"):
			p.Customers = f
		}
	}
	return p, nil
}

// RunUntil starts a command that is to be killed before it ends. It is killed when the test ends.
func RunUntil(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "stderr-*")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := &Process{cmd: exec.Command(program, args...), log: log.Name(), ended: make(chan struct{})}
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return p
}

// Log returns the end of the process's standard error.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}

// Kill sends SIGKILL.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// Terminate sends SIGTERM, and returns how the process ended and how long that took.
func (p *Process) Terminate() (code int, took time.Duration) {
	start := time.Now()
	p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
	return p.cmd.ProcessState.ExitCode(), time.Since(start)
}

// Command runs a command that ends by itself, and returns its output and how it ended.
func Command(program string, args ...string) (stdout, stderr string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return "", err.Error(), -1
	}
	return out.String(), errors.String(), cmd.ProcessState.ExitCode()
}

// Freeze stops the process with SIGSTOP; Thaw continues it.
func (p *Process) Freeze() { p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (p *Process) Thaw() { p.cmd.Process.Signal(syscall.SIGCONT) }
