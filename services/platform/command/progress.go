package command

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"

	"orderflow.example/services/platform/progress"
)

// progressOf shows on standard error how far a command is, until hide.
func progressOf(command string) (shown progress.Progress, hide func()) {
	if !isatty.IsTerminal(os.Stderr.Fd()) {
		return progress.NewLines(os.Stderr, command), func() {}
	}
	shown = progress.NewBar(os.Stderr)
	return shown, func() { _ = shown.(io.Closer).Close() }
}
