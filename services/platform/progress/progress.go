// Package progress shows the progress of a long-running command: as a bar on a terminal, as lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows the progress of a run. Stage begins a stage with a total, 0 if that is not known; Set sets how much is done.
type Progress interface {
	Stage(name string, total int)
	Set(done int)
}

// Silent shows nothing.
type Silent struct{}

func (Silent) Stage(string, int) {}
func (Silent) Set(int)           {}

// NewBar draws a bar; for terminals.
func NewBar(w io.Writer) Progress { return &bar{w: w} }

type bar struct {
	w   io.Writer
	bar *progressbar.ProgressBar
}

func (b *bar) Stage(name string, total int) {
	b.Close()
	options := []progressbar.Option{
		progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(fmt.Sprintf("%-30s", name)), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetRenderBlankState(true),
	}
	if total > 0 {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true))
	} else {
		total = -1 // a spinner
	}
	b.bar = progressbar.NewOptions(total, options...)
}

// A bar that cannot be drawn is no reason to stop.
func (b *bar) Set(done int) { _ = b.bar.Set(done) }

// Close removes the bar from the screen.
func (b *bar) Close() error {
	if b.bar == nil {
		return nil
	}
	return b.bar.Finish()
}

// NewLines writes a line for each stage, then one every few seconds, prefixed with the command's name; for logs.
func NewLines(w io.Writer, command string) Progress { return &lineProgress{w: w, command: command} }

type lineProgress struct {
	mu      sync.Mutex
	w       io.Writer
	command string
	name    string
	total   int
	began   time.Time
	next    time.Time
}

const everyLine = 5 * time.Second

func (l *lineProgress) Stage(name string, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.name, l.total, l.began, l.next = name, total, time.Now(), time.Now().Add(everyLine)
	fmt.Fprintf(l.w, "%s: %s\n", l.command, name)
}

func (l *lineProgress) Set(done int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total == 0 || done == 0 || time.Now().Before(l.next) {
		return
	}
	l.next = time.Now().Add(everyLine)
	rate := float64(done) / time.Since(l.began).Seconds()
	left := time.Duration(float64(l.total-done) / rate * float64(time.Second))
	fmt.Fprintf(l.w, "%s: %s: %d of %d, %.0f/s, %s left\n", l.command, l.name, done, l.total, rate, left.Round(time.Second))
}
