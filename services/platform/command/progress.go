package command

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progress shows on standard error how far something is: a bar on a terminal, else a line every few seconds.
type progress struct {
	mu   sync.Mutex
	what string
	unit string
	bar  *progressbar.ProgressBar
	next time.Time
}

const progressEvery = 5 * time.Second

func newProgress(what, unit string) *progress {
	p := &progress{what: what, unit: unit, next: time.Now().Add(progressEvery)}
	if isatty.IsTerminal(os.Stderr.Fd()) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit), progressbar.OptionShowCount(), progressbar.OptionUseANSICodes(true))
	}
	return p
}

// set tells how much is done, and of how much, 0 where nobody knows.
func (p *progress) set(done, all int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil { // a bar that cannot be drawn is no reason to stop
		if all > 0 {
			p.bar.ChangeMax64(all)
		}
		_ = p.bar.Set64(done)
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(progressEvery)
		of := ""
		if all > 0 {
			of = fmt.Sprintf(" of %d", all)
		}
		fmt.Fprintf(os.Stderr, "%s: %d%s %s\n", p.what, done, of, p.unit)
	}
}

// close takes the bar off the screen.
func (p *progress) close() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
