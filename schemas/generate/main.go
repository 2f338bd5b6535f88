// Command generate writes the JSON Schema of every event version, and an example of it, from the Go types:
// schemas/<service>/<event>.v1.json and schemas/<service>/<event>.v1.example.json. "make generate" runs it; a test holds
// that the files committed are those it writes.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

func main() {
	files, err := files(".")
	for path, content := range files {
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
