package run

import (
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestADirectoryOfAnotherUserIsNotSaidToHaveNothingRunning(t *testing.T) {
	t.Parallel()
	for says, err := range map[string]error{
		"this user may not read the data directory x": &fs.PathError{Op: "open", Path: "running.json", Err: fs.ErrPermission},
		"nothing runs on the data directory x":        &fs.PathError{Op: "open", Path: "running.json", Err: os.ErrNotExist},
	} {
		if got := unknown("x", err); !strings.Contains(got.Error(), says) {
			t.Errorf("%v: %v, want %s", err, got, says)
		}
	}
}
