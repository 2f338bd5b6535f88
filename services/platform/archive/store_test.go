package archive_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"orderflow.example/services/platform/archive"
)

func TestAFileIsWholeOrNotThereAndNeverChanged(t *testing.T) {
	for kind, s := range stores(t) {
		read := func(name string) string {
			t.Helper()
			f, err := s.Open(t.Context(), name)
			if err != nil {
				t.Fatal(kind, err)
			}
			defer f.Close()
			b, err := io.ReadAll(f)
			if err != nil {
				t.Fatal(kind, err)
			}
			return string(b)
		}
		if names, err := s.List(t.Context(), "a/"); err != nil || len(names) > 0 {
			t.Errorf("%s: an empty store lists %v, %v", kind, names, err)
		}
		if _, err := s.Open(t.Context(), "a/missing"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a missing file: %v", kind, err)
		}
		long := strings.Repeat("0123456789", 4_000_000) // more than one part
		for name, content := range map[string]string{"a/1": "one", "a/b/2": long, "ab/3": "three"} {
			if err := s.Put(t.Context(), name, iotest.HalfReader(strings.NewReader(content))); err != nil {
				t.Fatal(kind, err)
			}
			if read(name) != content {
				t.Errorf("%s: %s is something else", kind, name)
			}
		}
		if err := s.Put(t.Context(), "a/1", strings.NewReader("another")); !errors.Is(err, archive.ErrExists) || read("a/1") != "one" {
			t.Errorf("%s: a file was changed: %v", kind, err)
		}
		broken := errors.New("the source broke")
		for name, begun := range map[string]string{"a/4": "begun", "a/5": long} {
			err := s.Put(t.Context(), name, io.MultiReader(strings.NewReader(begun), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if names, err := s.List(t.Context(), "a/"); err != nil || !slices.Equal(names, []string{"a/1", "a/b/2"}) {
			t.Errorf("%s: lists %v, %v", kind, names, err)
		}
	}
}

func TestWhatACrashLeftUnfinishedIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "segments"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "segments", ".unfinished-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if names, err := archive.Dir(dir).List(t.Context(), "segments/"); err != nil || len(names) > 0 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestAnArchiveCanBeReadByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	if err := archive.Dir(dir).Put(t.Context(), "a/1", strings.NewReader("Ada Example, 1 Long Road")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, dir + "/a", dir + "/a/1"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestAPlaceThatCannotBeIsRefusedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"":                                       "no place",
		"s3://key:s3cret@bucket":                 "AWS_ACCESS_KEY_ID",
		"s3://bucket?secret_access_key=s3cret":   "credentials belong into the environment",
		"s3://bucket?endpoint=ftp://host":        "endpoint",
		"s3://bucket?endpoint=http://u:s3cret@h": "endpoint",
		"s3://?endpoint=http://host":             "no bucket",
		"s3://bu cket%zz":                        "not valid",
		"ftp://host/dir":                         "ftp://",
	} {
		_, err := archive.OpenStore(place)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestWhatS3RefusesSaysWhatToDoAndNoSecret(t *testing.T) {
	place, _ := s3Server(t)
	s, err := archive.OpenStore(strings.Replace(place, "orders", "others", 1))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Put(t.Context(), "a", strings.NewReader("a"))
	if err == nil || !strings.Contains(err.Error(), "there is no such bucket") || strings.Contains(err.Error(), "s3cr3t") {
		t.Error(err)
	}
}
