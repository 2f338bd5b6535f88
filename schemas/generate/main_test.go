package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

const root = ".."

func TestGeneratedFilesAreThoseCommitted(t *testing.T) {
	t.Parallel()
	generated, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range generated {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its Go type says (%v): run make generate", path, err)
		}
	}
	committed, err := filepath.Glob(root + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range committed {
		if generated[path] == nil {
			t.Errorf("%s belongs to no event: remove it", path)
		}
	}
}

func TestEveryExampleIsValidInBothDialects(t *testing.T) {
	t.Parallel()
	eachEvent(t, func(t *testing.T, kind saga.Kind, schemas []*jsonschema.Schema, example []byte) {
		for _, s := range schemas {
			if err := s.Validate(parse(t, example)); err != nil {
				t.Errorf("draft %d: %v", s.DraftVersion, err)
			}
		}
	})
}

func TestEveryExampleIsReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	eachEvent(t, func(t *testing.T, kind saga.Kind, _ []*jsonschema.Schema, example []byte) {
		payload, err := kind.Decode(example)
		if err != nil {
			t.Fatal(err)
		}
		if written, err := encode(payload); err != nil || !bytes.Equal(written, example) {
			t.Errorf("reads %s\nwrites %s (%v)", example, written, err)
		}
	})
}

func TestASchemaRefusesWhatItsEventDoesNotSay(t *testing.T) {
	t.Parallel()
	eachEvent(t, func(t *testing.T, kind saga.Kind, schemas []*jsonschema.Schema, example []byte) {
		refused := func(how string, change func(payload map[string]any)) {
			payload := parse(t, example).(map[string]any)
			change(payload)
			for _, s := range schemas {
				if s.Validate(payload) == nil {
					t.Errorf("draft %d: %s is accepted", s.DraftVersion, how)
				}
			}
		}
		refused("an unknown field", func(p map[string]any) { p["unknown"] = true })
		for _, f := range fieldsOf(t, kind) {
			if !f.Optional {
				refused("no "+f.Name, func(p map[string]any) { delete(p, f.Name) })
			}
			if f.Type == contract.Integer {
				refused("2⁵³ as "+f.Name, func(p map[string]any) { p[f.Name] = json.Number("9007199254740992") })
				refused("half a "+f.Name, func(p map[string]any) { p[f.Name] = json.Number("0.5") })
			}
		}
	})
}

func TestOnlyDeclaredPersonalFieldsTellOfAPerson(t *testing.T) {
	t.Parallel()
	eachEvent(t, func(t *testing.T, kind saga.Kind, _ []*jsonschema.Schema, _ []byte) {
		for _, f := range fieldsOf(t, kind) {
			// Notes are free text. Subjects, and those told of an outcome, name a customer, a card or an address. A card's fingerprint
			// is one person's. Messages go to an address, a phone or the subscription of a browser.
			person := slices.Contains([]string{"email", "phone", "push", "to", "ship_to", "name", "request", "note", "subjects",
				"told", "card", "fingerprint"}, f.Name) ||
				f.Go.Name() == "Address"
			if person != f.Personal {
				t.Errorf("%s: the tag x:\"personal\" is missing, or should not be there", f.Name)
			}
		}
	})
}

func fieldsOf(t *testing.T, kind saga.Kind) []contract.Field {
	t.Helper()
	c, err := contract.Of(reflect.TypeOf(kind.Example()))
	if err != nil {
		t.Fatal(err)
	}
	return c.Fields
}

// eachEvent runs a test for every event type, with its committed schema read as both dialects and its committed example.
func eachEvent(t *testing.T, test func(t *testing.T, kind saga.Kind, schemas []*jsonschema.Schema, example []byte)) {
	for _, kind := range registry.Events() {
		t.Run(kind.Name(), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(schemaPath(root, kind))
			if err != nil {
				t.Fatal(err)
			}
			example, err := os.ReadFile(examplePath(root, kind))
			if err != nil {
				t.Fatal(err)
			}
			other := strings.Replace(string(source), "http://json-schema.org/draft-07/schema#",
				"https://json-schema.org/draft/2020-12/schema", 1)
			if other == string(source) {
				t.Fatal("the schema is not one of draft-07")
			}
			test(t, kind, []*jsonschema.Schema{compile(t, source), compile(t, []byte(other))}, example)
		})
	}
}

func compile(t testing.TB, source []byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parse(t, source)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, source []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
