package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func holdLock(dir string) error {
	_, err := Lock(dir)
	fmt.Println("locked")
	return err
}

func TestLockIsRefusedToASecondProcessAndFreedByKill9(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	child, _ := startChild(t, "lock", dir)

	_, err := Lock(dir)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d:", child.Process.Pid)) {
		t.Fatalf("a second process got the directory, or the error does not name the holder: %v", err)
	}
	kill9(child)
	lock, err := Lock(dir)
	if err != nil {
		t.Fatalf("the lock outlived its process: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil {
		t.Fatalf("the lock outlived Close: %v", err)
	}
	again.Close()
}

func TestLockRefusesADirectoryOfAnotherVersionAndLeavesItAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte("7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Lock(dir)
	if err == nil || !strings.Contains(err.Error(), `version "7"`) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("want one line naming version 7, got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Fatalf("the directory was written to: %v", entries)
	}
}

func TestLockRefusesADirectoryThatHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Fatalf("want a refusal naming the file, got %v", err)
	}
}

func TestLockTakesADirectoryWhoseFirstStartWasKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, left := range []string{"LOCK", "VERSION.new"} {
		if err := os.WriteFile(filepath.Join(dir, left), []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
}
