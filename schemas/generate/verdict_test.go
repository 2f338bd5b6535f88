package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// judge checks a payload against an event's contract and against its JSON Schema, in both forms.
type judge struct {
	kind         saga.Kind
	contract     *contract.Contract
	closed, open *jsonschema.Schema
}

func judges(t testing.TB) (all []judge) {
	for _, kind := range registry.Events() {
		closed := registry.Schema(kind.Name())
		open := bytes.ReplaceAll(closed, []byte(`"additionalProperties": false`), []byte(`"additionalProperties": true`))
		c, err := contract.Of(reflect.TypeOf(kind.Example()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, judge{kind, c, compile(t, closed), compile(t, open)})
	}
	return all
}

// agrees fails if the contract and the schema differ on a payload, except for the faults listed in beyondSchema: a JSON
// Schema cannot find them, as it sees values and not their spelling, and Go would alter or refuse such values.
func (j judge) agrees(t *testing.T, how, payload string) (accepted bool) {
	t.Helper()
	_, openErr := j.kind.Decode([]byte(payload))
	closedErr := j.kind.Check([]byte(payload))
	value, syntaxErr := jsonschema.UnmarshalJSON(strings.NewReader(payload))
	for _, form := range []struct {
		name   string
		ours   error
		schema *jsonschema.Schema
	}{{"open", openErr, j.open}, {"closed", closedErr, j.closed}} {
		theirs := syntaxErr
		if theirs == nil {
			theirs = form.schema.Validate(value)
		}
		if (form.ours == nil) != (theirs == nil) && (theirs != nil || !beyondSchema(form.ours) && !repeats(payload)) {
			t.Errorf("%s, %s, %s form:\n%.300q\nthe contract says %v\nthe schema says %v", j.kind.Name(), how, form.name,
				payload, form.ours, theirs)
		}
		if form.ours != nil && strings.Contains(form.ours.Error(), "secret") {
			t.Errorf("%s, %s: the error repeats a value: %v", j.kind.Name(), how, form.ours)
		}
	}
	if j.contract.CheckOpen([]byte(payload)) == nil && openErr != nil {
		t.Errorf("%s, %s: passes and cannot be decoded: %v", j.kind.Name(), how, openErr)
	}
	if openErr == nil && syntaxErr == nil {
		j.decodedAsWritten(t, how, payload, value)
	}
	return openErr == nil
}

func must(t testing.TB, kind saga.Kind, payload string) any {
	t.Helper()
	e, err := kind.Decode([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// beyondSchema tells whether the refusal is one that no schema can express.
func beyondSchema(err error) bool {
	for _, text := range []string{
		"want an integer in digits alone", // 1.0 and 1e3 are integers to JSON Schema, not to encoding/json
		"is there twice",                  // encoding/json would merge them
		"its name is in another case",     // encoding/json would take it for the known field
		"not UTF-8",                       // encoding/json would replace it by U+FFFD
	} {
		if strings.HasSuffix(err.Error(), text) {
			return true
		}
	}
	return false
}

// repeats tells whether an object in the text has a field twice; a schema sees only the last one.
func repeats(text string) bool {
	d := json.NewDecoder(strings.NewReader(text))
	var open []map[string]bool // names so far, nil in an array
	name := false
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && name {
			if top := open[len(open)-1]; top[s] {
				return true
			} else {
				top[s] = true
			}
			name = false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}

func TestTheContractOfAnEventAndItsSchemaSayTheSame(t *testing.T) {
	t.Parallel()
	for _, j := range judges(t) {
		t.Run(j.kind.Name(), func(t *testing.T) {
			t.Parallel()
			accepted, refused := 0, 0
			for _, m := range mutations(t, string(registry.Example(j.kind.Name()))) {
				if j.agrees(t, m.how, m.payload) {
					accepted++
				} else {
					refused++
				}
			}
			if accepted < 4 || refused < 15 {
				t.Errorf("%d mutations are accepted, %d refused: too few to show anything", accepted, refused)
			}
		})
	}
}

func FuzzTheContractOfAnEventAndItsSchemaSayTheSame(f *testing.F) {
	all := judges(f)
	for i, j := range all {
		f.Add(i, string(registry.Example(j.kind.Name())))
	}
	f.Fuzz(func(t *testing.T, i int, payload string) {
		if i >= 0 && i < len(all) && !enormous(payload) {
			all[i].agrees(t, "fuzzed", payload)
		}
	})
}

// enormous tells numbers like 1e999999, which the schema's validator writes out in full.
func enormous(payload string) bool {
	lower := strings.ToLower(payload)
	for i := range lower {
		if lower[i] == 'e' && strings.IndexFunc(strings.TrimLeft(lower[i+1:], "+-0"),
			func(r rune) bool { return r < '0' || r > '9' }) > 3 {
			return true
		}
	}
	return len(payload) > 0 && strings.Count(lower, "e") > 0 && strings.HasSuffix(strings.TrimRight(lower, "0123456789"), "e")
}

type mutation struct{ how, payload string }

// mutations are payloads made from a valid one by one change each.
func mutations(t testing.TB, example string) (all []mutation) {
	add := func(how, payload string) { all = append(all, mutation{how, payload}) }
	add("as it is", example)
	add("spaces around", " \t\r\n"+example+"\n ")
	add("trailing garbage", example+"x")
	add("a second value", example+"{}")
	add("a trailing comma", strings.TrimRight(example, "}\n ")+",}")
	add("cut", example[:len(example)/2])
	for _, payload := range []string{"", " ", "null", "true", "[]", "1", `"secret"`, "{", "}", "{}", `{"a"}`, `{"a":}`, `{,}`,
		"\xef\xbb\xbf" + example} {
		add("something else", payload)
	}
	add("fields in another order", backward(t, example))
	places := placesOf(t, example)
	for _, p := range places {
		for _, value := range []string{
			"null", "true", "false", `""`, `"secret"`, `"GBP"`, `"fill_all"`, `"gbp"`, "0", "-0", "1", "-1", "1.0", "1.5", "1e3", "1E2",
			"1e-1", "01", "-", "+1", ".5", "1.",
			"9007199254740991", "9007199254740992", "-9007199254740991", "-9007199254740992", "9223372036854775807", "9223372036854775808",
			"123456789012345678901234567890", "[]", "[null]", "[[]]", "{}", `{"unknown":"secret"}`, "nul", "tru", "NaN",
			`"\u0047BP"`, `"\uD83D\uDE00"`, `"\ud800"`, `"\u00zz"`, `"\x"`, "\"tab\there\"", "\"\x7f\"", "\"\xff\"",
			"\"\xc3\xa9\"", `"\"`, `"unended`,
		} {
			add(fmt.Sprintf("%s is %q", p.path, value), p.replace(example, value))
		}
		if p.field == "" {
			continue
		}
		rest := example[p.start:p.end]
		add(p.path+" is gone", p.without(example))
		add(p.path+" twice", p.insert(example, fmt.Sprintf("%q:%s,", p.field, rest)))
		add(p.path+" twice, first null", p.insert(example, fmt.Sprintf("%q:null,", p.field)))
		add(p.path+" in capitals too", p.insert(example, fmt.Sprintf("%q:%s,", strings.ToUpper(p.field), rest)))
		add(p.path+" in capitals", p.rename(example, strings.ToUpper(p.field)))
		add(p.path+" with a long s", p.insert(example, fmt.Sprintf("%q:%s,", strings.Replace(p.field, "s", "ſ", 1)+"_", rest)))
		add(p.path+" with an escape", p.renameRaw(example, fmt.Sprintf(`"\u%04x%s"`, p.field[0], p.field[1:])))
		for _, unknown := range []string{
			`"unknown":"secret",`, `"unknown":null,`, `"unknown":{"sku":1,"deep":[[{"a":1e3}]]},`, `"":1,`, `"un\u006bnown":1,`,
			`"unknown":1,"unknown":2,`,
			`"unknown":01,`, `"unknown":[1,],`, `"unknown":{"a":1,},`, `"unknown":"\q",`, `"unknown":tru,`,
			"\"unknown\":\"\xff\",", "\"\xff\":1,", `"unknown":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + ",",
		} {
			add(fmt.Sprintf("%.60s before %s", unknown, p.path), p.insert(example, unknown))
		}
	}
	if deep := 9_998; len(places) > 0 {
		p := places[slices.IndexFunc(places, func(p place) bool { return p.field != "" && !strings.ContainsAny(p.path, ".[") })]
		for _, n := range []int{deep, deep + 1, deep + 2, deep + 3, 200_000} {
			add(fmt.Sprintf("%d deep", n), p.insert(example, `"unknown":`+strings.Repeat("[", n)+strings.Repeat("]", n)+","))
		}
	}
	return all
}
