package chaos

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one of the platform's processes, which is restarted after each kill.
type process struct {
	name    string
	program string
	args    []string
	dir     string            // of the run: contains its log and process id
	died    func(text string) // called when it ended by itself after it was ready

	fault sync.Mutex // held while a fault is under way

	mu        sync.Mutex
	cmd       *exec.Cmd
	ended     chan struct{}
	killed    bool
	customers string // address of its listener, if it has one
	operators string
}

const startWithin = 60 * time.Second

// run starts the process and returns once it is ready. It cannot start while broker or database are down: the start is
// retried until ctx ends.
func (p *process) run(ctx context.Context) error {
	for {
		err := p.start(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !pause(ctx, 300*time.Millisecond) {
			return err
		}
	}
}

func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "logs", p.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.program, p.args...)
	cmd.Stderr = log
	cmd.Env = append(os.Environ(), "ORDERFLOW_VALIDATE_PRODUCED=true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the terminal's Ctrl-C goes to the campaign, which ends them all
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	note := filepath.Join(p.dir, "pids", p.name)
	if err := os.WriteFile(note, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return err
	}
	ready, ended := make(chan string, 1), make(chan struct{})
	p.mu.Lock()
	p.cmd, p.ended, p.killed = cmd, ended, false
	p.mu.Unlock()
	go func() {
		defer close(ended)
		wasReady := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "ready ") && !wasReady {
				wasReady = true
				ready <- lines.Text()
			}
		}
		err := cmd.Wait()
		os.Remove(note)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.customers, p.operators = "", ""
		if wasReady && !p.killed {
			p.died(fmt.Sprintf("it ended by itself (%v); last: %s", err, p.lastLine()))
		}
	}()
	select {
	case line := <-ready:
		p.listen(line)
		return nil
	case <-ended:
		return fmt.Errorf("%s ended before it was ready: %s", p.name, p.lastLine())
	case <-time.After(startWithin):
		err = fmt.Errorf("%s was not ready after %v: %s", p.name, startWithin, p.lastLine())
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.kill()
	return err
}

// listen reads the addresses from the line "ready …".
func (p *process) listen(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := ""
	for _, word := range strings.Fields(line) {
		switch {
		case !strings.HasPrefix(word, "http://"):
		case before == "operators":
			p.operators = word
		default:
			p.customers = word
		}
		before = word
	}
}

func (p *process) addresses() (customers, operators string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.customers, p.operators
}

// kill sends SIGKILL, and returns when the process is gone.
func (p *process) kill() {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.killed = true
	p.mu.Unlock()
	if cmd != nil {
		cmd.Process.Kill()
		<-ended
	}
}

// freeze stops the process with SIGSTOP, and continues it after a while.
func (p *process) freeze(ctx context.Context, d time.Duration) {
	p.mu.Lock()
	cmd := p.cmd
	p.mu.Unlock()
	cmd.Process.Signal(syscall.SIGSTOP)
	pause(ctx, d)
	cmd.Process.Signal(syscall.SIGCONT)
}

// resident is the resident memory of the process, 0 if it does not run.
func (p *process) resident() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

func (p *process) lastLine() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "logs", p.name))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// pause waits, and returns false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
