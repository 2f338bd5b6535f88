package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

func TestEveryEventTypeDeclaredIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, kind := range registry.Events() {
		if slices.Contains(listed, kind.Name()) {
			t.Errorf("%s is listed twice", kind.Name())
		}
		listed = append(listed, kind.Name())
	}
	declared := declarations(t)
	for _, name := range declared {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is declared but not listed: add it to Events in schemas/%s, and that package to the registry",
				name, saga.Producer(name))
		}
	}
	if len(declared) != len(listed) {
		t.Errorf("%d event types are declared, %d listed", len(declared), len(listed))
	}
}

// declarations reads the names given to saga.Define and saga.Snapshot from the sources of all packages beside this one.
func declarations(t *testing.T) (names []string) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources beside the registry: %v", err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			function := call.Fun
			if generic, ok := function.(*ast.IndexExpr); ok {
				function = generic.X
			}
			of, ok := function.(*ast.SelectorExpr)
			if !ok || of.Sel.Name != "Define" && of.Sel.Name != "Snapshot" {
				return true
			}
			name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
			if producer := filepath.Base(filepath.Dir(path)); producer != saga.Producer(name) {
				t.Errorf("%s is declared in schemas/%s: another service owns it", name, producer)
			}
			return true
		})
	}
	return names
}
