package command

import (
	"io"

	"orderflow.example/services/platform/progress"
)

// hide removes the progress bar from the screen.
func hide(p progress.Progress) {
	if c, ok := p.(io.Closer); ok {
		_ = c.Close()
	}
}
