// Package house_test checks the rules of the house across modules: allowed imports, the folders of a service, and that every
// consumed event is emitted. It has no code beside its tests.
package house_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../../../.."

const here = "orderflow.example/"

// source is one Go file.
type source struct {
	path    string // from the root, "services/payment/decide.go"
	folder  string // "services/payment"
	test    bool
	imports []string // without the prefix for the modules of this repository: "shared/saga"
}

// service returns the service of the file; empty outside services.
func (s source) service() string {
	parts := strings.Split(s.path, "/")
	if parts[0] != "services" {
		return ""
	}
	return parts[1]
}

// sources are all Go files under schemas, shared and services.
func sources(t *testing.T) (all []source) {
	t.Helper()
	for _, top := range []string{"schemas", "shared", "services"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			s := source{path: filepath.ToSlash(name), folder: filepath.ToSlash(filepath.Dir(name)),
				test: strings.HasSuffix(name, "_test.go")}
			for _, i := range file.Imports {
				imported, _ := strconv.Unquote(i.Path.Value)
				s.imports = append(s.imports, strings.TrimPrefix(imported, here))
			}
			all = append(all, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 100 {
		t.Fatalf("found %d Go files: this test looks in the wrong place", len(all))
	}
	return all
}

// folders are the names of the folders in a folder, from the root.
func folders(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// services are all services but the platform, which runs them.
func services(t *testing.T) (names []string) {
	for _, name := range folders(t, "services") {
		if name != "platform" {
			names = append(names, name)
		}
	}
	return names
}

// standard reports whether a package is of the standard library: its first segment has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && !within(imported, "schemas") && !within(imported, "shared") &&
		!within(imported, "services")
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
