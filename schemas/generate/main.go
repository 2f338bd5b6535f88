// Command generate writes the JSON Schema of every event version, and an example of it, from the Go types:
// schemas/<service>/<event>.v1.json and schemas/<service>/<event>.v1.example.json. "make generate" runs it; a test
// compares the committed files with its output. With -release it copies the schemas to schemas/released instead, unless
// they break a released one; "make release-schemas" runs that.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"orderflow.example/schemas/compatibility"
	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

func main() {
	release := flag.Bool("release", false, "write schemas/released")
	flag.Parse()
	write := files
	if *release {
		write = releases
	}
	files, err := write(".")
	for path, content := range files {
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, content, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// files are all generated files by their path, for the module in the folder root.
func files(root string) (map[string][]byte, error) {
	docs, err := readDocs(root)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, kind := range registry.Events() {
		schema, err := docs.event(kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name(), err)
		}
		example, err := exampleOf(kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name(), err)
		}
		if all[schemaPath(root, kind)], err = encode(schema); err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name(), err)
		}
		if all[examplePath(root, kind)], err = encode(example); err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name(), err)
		}
	}
	return all, nil
}

// releases are the schemas of this build by their path under schemas/released. A schema that breaks the released one is
// refused; if that one never left the house, its file there may be removed first.
func releases(root string) (map[string][]byte, error) {
	var faults []error
	for _, p := range compatibility.Check() {
		faults = append(faults, errors.New(p.String()))
	}
	all := map[string][]byte{}
	for _, kind := range registry.Events() {
		all[schemaPath(filepath.Join(root, "released"), kind)] = registry.Schema(kind.Name())
	}
	return all, errors.Join(faults...)
}

func schemaPath(root string, kind saga.Kind) string  { return path(root, kind, ".json") }
func examplePath(root string, kind saga.Kind) string { return path(root, kind, ".example.json") }

func path(root string, kind saga.Kind, ending string) string {
	service, rest, _ := strings.Cut(kind.Name(), ".")
	return filepath.Join(root, service, rest+ending)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
