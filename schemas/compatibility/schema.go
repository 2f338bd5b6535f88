package compatibility

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema is a JSON Schema with the keywords that schemas/generate writes. Keywords that only describe are dropped.
type schema struct {
	types      []string // sorted
	enum       []string // sorted; nil: any
	pattern    *string
	minimum    *int64
	maximum    *int64
	minLength  int64
	minItems   int64
	items      *schema
	properties map[string]*schema
	required   []string
}

var dialects = []string{"http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"}

var known = []string{"object", "array", "string", "integer", "boolean", "null"}

// read refuses every keyword it does not know: such a schema cannot be compared.
func read(text []byte) (*schema, *fault) {
	var words map[string]json.RawMessage
	if json.Unmarshal(text, &words) != nil || words == nil {
		return nil, &fault{text: "a schema is a JSON object"}
	}
	s := &schema{}
	closed := false
	for _, word := range slices.Sorted(maps.Keys(words)) {
		value := words[word]
		var err error
		switch word {
		case "$id", "title", "description":
		case "$schema":
			var dialect string
			if err = json.Unmarshal(value, &dialect); err == nil && !slices.Contains(dialects, dialect) {
				err = fmt.Errorf("want one of %s", strings.Join(dialects, ", "))
			}
		case "type":
			s.types, err = readTypes(value)
		case "enum":
			err = json.Unmarshal(value, &s.enum)
			slices.Sort(s.enum)
			s.enum = slices.Compact(s.enum)
		case "pattern":
			err = json.Unmarshal(value, &s.pattern)
		case "minimum":
			err = json.Unmarshal(value, &s.minimum)
		case "maximum":
			err = json.Unmarshal(value, &s.maximum)
		case "minLength":
			err = json.Unmarshal(value, &s.minLength)
		case "minItems":
			err = json.Unmarshal(value, &s.minItems)
		case "required":
			err = json.Unmarshal(value, &s.required)
		case "additionalProperties":
			if closed = string(value) == "false"; !closed {
				err = errors.New("want false: a schema is the closed form")
			}
		case "items":
			var f *fault
			if s.items, f = read(value); f != nil {
				return nil, in("[]", f)
			}
		case "properties":
			if f := s.readProperties(value); f != nil {
				return nil, f
			}
		default:
			if !strings.HasPrefix(word, "x-") {
				err = errors.New("not a word these schemas are written in")
			}
		}
		if string(value) == "null" {
			err = errors.New("is null")
		}
		if err != nil {
			return nil, &fault{text: fmt.Sprintf("%q: %v", word, err)}
		}
	}
	switch {
	case s.types == nil:
		return nil, &fault{text: `"type" is missing`}
	case s.has("object") && (!closed || s.properties == nil):
		return nil, &fault{text: `an object says "properties", and "additionalProperties": false`}
	case s.has("array") && s.items == nil:
		return nil, &fault{text: `an array says "items"`}
	}
	for _, name := range s.required {
		if s.properties[name] == nil {
			return nil, &fault{text: fmt.Sprintf("%q is required and no property", name)}
		}
	}
	return s, nil
}

func (s *schema) has(name string) bool { return slices.Contains(s.types, name) }

func readTypes(value json.RawMessage) (types []string, err error) {
	var one string
	if json.Unmarshal(value, &one) == nil {
		types = []string{one}
	} else if err := json.Unmarshal(value, &types); err != nil {
		return nil, err
	}
	slices.Sort(types)
	for _, name := range types {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("want %s, not %q", strings.Join(known, ", "), name)
		}
	}
	return types, nil
}

func (s *schema) readProperties(value json.RawMessage) *fault {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(value, &all); err != nil {
		return &fault{text: `"properties": want an object`}
	}
	s.properties = map[string]*schema{}
	for name, text := range all {
		part, f := read(text)
		if f != nil {
			return in(name, f)
		}
		s.properties[name] = part
	}
	return nil
}

// fault is the reason why a schema cannot be read, and the place.
type fault struct{ place, text string }

func in(outer string, f *fault) *fault {
	f.place = join(outer, f.place)
	return f
}

// join puts the outer place before another: "lines" and "[].sku" is "lines[].sku".
func join(outer, inner string) string {
	if outer == "" || inner == "" || strings.HasPrefix(inner, "[") {
		return outer + inner
	}
	return outer + "." + inner
}
