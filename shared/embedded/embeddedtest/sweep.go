package embeddedtest

import (
	"errors"
	"os"
	"path/filepath"

	"orderflow.example/shared/embedded"
)

const prefix = "orderflow-test-"

// stop ends the servers and removes their files.
func (s *servers) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.kafka != nil {
		errs = append(errs, s.kafka.Close())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Close())
	}
	if s.lock != nil {
		errs = append(errs, os.RemoveAll(s.lock.Path()), s.lock.Close())
	}
	return errors.Join(errs...)
}

// sweep removes the files of test binaries that were killed, or that did not call Main: the directories that nobody has
// locked. Another user's cannot be opened and stay.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "VERSION")); err != nil {
			continue // just being made
		}
		lock, err := embedded.Lock(dir)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}
}
