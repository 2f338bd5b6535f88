package compatibility_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderflow.example/schemas/compatibility"
)

// TestNoEventContradictsTheVerdict changes schemas at random, and searches with a JSON Schema validator for an event that
// contradicts the verdict: one that the old closed form accepts and the new one refuses, or that the new closed form
// accepts and the old open form refuses.
func TestNoEventContradictsTheVerdict(t *testing.T) {
	t.Parallel()
	passed, broken, witnessed := 0, 0, 0
	for seed := range uint64(800) {
		r := draw{rand.New(rand.NewPCG(seed, seed))}
		before := cloned(r.object(3))
		after := cloned(before)
		var changes []string
		for range 1 + r.IntN(2) {
			changes = append(changes, r.change(after))
		}
		problems := compatibility.Compare("till.paid.v1", text(t, before), text(t, after))
		witness := r.witness(t, before, after)
		switch {
		case len(problems) == 0 && witness != nil:
			t.Fatalf("seed %d: passes after %v\nbefore %s\nafter %s\nbut %s", seed, changes, text(t, before),
				text(t, after), text(t, witness))
		case len(problems) == 0:
			passed++
		default:
			broken++
			if witness != nil {
				witnessed++
			}
		}
	}
	t.Logf("%d passed, %d broke, of which %d by an event that was found", passed, broken, witnessed)
	if passed < 200 || broken < 300 || witnessed*10 < broken*9 {
		t.Error("too few of a kind, or too many refused for nothing")
	}
}

// draw makes schemas, changes and events at random.
type draw struct{ *rand.Rand }

type word = map[string]any

func pick[T any](d draw, of ...T) T { return of[d.IntN(len(of))] }

func (d draw) object(depth int) word {
	properties, required := word{}, []any{}
	for i := range 1 + d.IntN(3) {
		name := fmt.Sprintf("f%d", i)
		properties[name] = d.value(depth - 1)
		if d.IntN(2) == 0 {
			required = append(required, name)
		}
	}
	return word{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func (d draw) value(depth int) word {
	if depth > 0 && d.IntN(3) == 0 {
		return d.object(depth)
	}
	if depth > 0 && d.IntN(3) == 0 {
		list := word{"type": pick[any](d, "array", []any{"array", "null"}), "items": d.value(depth - 1)}
		if d.IntN(2) == 0 {
			list["minItems"] = 1 + d.IntN(2)
		}
		return list
	}
	switch d.IntN(5) {
	case 0:
		return word{"type": "boolean"}
	case 1:
		return word{"type": "integer", "minimum": -d.IntN(3), "maximum": 3 + d.IntN(3)}
	case 2:
		return word{"type": "string", "enum": []any{"a", "bb"}[:1+d.IntN(2)]}
	case 3:
		return word{"type": "string", "pattern": pick(d, "^a", "b$")}
	}
	return word{"type": "string", "minLength": d.IntN(3)}
}

// change alters one thing somewhere in the schema and describes it.
func (d draw) change(s word) string {
	parts := partsOf(s)
	part := parts[d.IntN(len(parts))]
	properties, _ := part["properties"].(word)
	required, _ := part["required"].([]any)
	names := slices.Sorted(maps.Keys(properties))
	words := []string{"title"}
	for w := range part {
		if slices.Contains([]string{"enum", "pattern", "minimum", "maximum", "minLength", "minItems"}, w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	switch what := d.IntN(6); {
	case what < 2 && properties != nil:
		name := fmt.Sprintf("new%d", d.IntN(3))
		properties[name] = d.value(1)
		if d.IntN(4) == 0 && !slices.Contains(required, any(name)) {
			part["required"] = append(required, name)
		}
		return "another field " + name
	case what == 2 && len(names) > 0:
		name := pick(d, names...)
		delete(properties, name)
		part["required"] = slices.DeleteFunc(required, func(n any) bool { return n == name })
		return "no field " + name
	case what == 3 && len(names) > 0:
		name := pick(d, names...)
		if slices.Contains(required, any(name)) {
			part["required"] = slices.DeleteFunc(required, func(n any) bool { return n == name })
		} else {
			part["required"] = append(required, name)
		}
		return "required or not: " + name
	case what == 4 && len(names) > 0:
		name := pick(d, names...)
		properties[name] = d.value(1)
		return "something else as " + name
	default:
		w := pick(d, words...)
		switch value := part[w].(type) {
		case float64:
			part[w] = value + float64(pick(d, -1, 1))
			if w == "minLength" || w == "minItems" {
				part[w] = max(part[w].(float64), 0)
			}
		case []any:
			part[w] = pick(d, append(slices.Clone(value), "ccc"), value[1:])
			if len(part[w].([]any)) == 0 {
				delete(part, w)
			}
		case nil:
			part[w] = "another"
		default:
			delete(part, w)
		}
		return "another " + w
	}
}

// partsOf lists the schema and all those in it, in a fixed order.
func partsOf(s word) (parts []word) {
	parts = []word{s}
	if items, ok := s["items"].(word); ok {
		parts = append(parts, partsOf(items)...)
	}
	properties, _ := s["properties"].(word)
	for i := range 3 {
		for _, prefix := range []string{"f", "new"} {
			if part, ok := properties[fmt.Sprintf("%s%d", prefix, i)].(word); ok {
				parts = append(parts, partsOf(part)...)
			}
		}
	}
	return parts
}

// event returns a value that the schema mostly accepts, near its limits.
func (d draw) event(s word) any {
	if d.IntN(40) == 0 {
		return pick[any](d, nil, true, json.Number("1"), "a", []any{}, word{})
	}
	name := s["type"]
	if both, ok := name.([]any); ok {
		name = pick(d, both...)
	}
	switch name {
	case "object":
		o := word{}
		properties := s["properties"].(word)
		for _, field := range slices.Sorted(maps.Keys(properties)) {
			part := properties[field]
			if slices.Contains(s["required"].([]any), any(field)) && d.IntN(40) > 0 || d.IntN(2) == 0 {
				o[field] = d.event(part.(word))
			}
		}
		return o
	case "array":
		list := []any{}
		for range d.IntN(4) {
			list = append(list, d.event(s["items"].(word)))
		}
		return list
	case "boolean":
		return d.IntN(2) == 0
	case "integer":
		return json.Number(fmt.Sprint(d.IntN(11) - 4))
	case "string":
		return pick(d, "", "a", "b", "ab", "bb", "ccc", "aab", "zz")
	}
	return nil
}

// witness searches for an event that old and new do not agree on.
func (d draw) witness(t *testing.T, before, after word) any {
	open := cloned(before)
	for _, part := range partsOf(open) {
		if part["properties"] != nil {
			part["additionalProperties"] = true
		}
	}
	oldClosed, oldOpen, newClosed := compiled(t, before), compiled(t, open), compiled(t, after)
	for i := range 800 {
		e := d.event([]word{before, after}[i%2])
		said, reads, says := oldClosed.Validate(e) == nil, oldOpen.Validate(e) == nil, newClosed.Validate(e) == nil
		if said && !says || says && !reads {
			return e
		}
	}
	return nil
}

func compiled(t *testing.T, s word) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", cloned(s)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, text(t, s))
	}
	return schema
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func cloned(s word) (copied word) {
	b, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(b, &copied)
	}
	if err != nil {
		panic(err)
	}
	return copied
}
