package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"orderflow.example/shared/saga"
)

// largest is the largest integer that every JSON reader keeps exactly: 2⁵³ − 1.
const largest = 1<<53 - 1

// schema is a JSON Schema in the words that draft-07 and 2020-12 read alike. Parts are written out where they stand:
// the drafts differ in where shared parts are kept.
type schema struct {
	Dialect     string     `json:"$schema,omitempty"`
	ID          string     `json:"$id,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Personal    bool       `json:"x-personal,omitempty"`
	Type        any        `json:"type"` // one name, or a list of them
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MinLength   int64      `json:"minLength,omitempty"`
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	MinItems    int64      `json:"minItems,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	Properties  properties `json:"properties,omitzero"`
	Required    []string   `json:"required,omitempty"`
	Additional  *bool      `json:"additionalProperties,omitempty"`
}

// properties keep the order of the Go fields.
type properties []property

type property struct {
	name   string
	schema *schema
}

func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", one.name)
		s, err := json.Marshal(one.schema)
		if err != nil {
			return nil, err
		}
		b.Write(s)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// event is the closed form of the event's payload: it allows what this version says and nothing else.
func (d docs) event(kind saga.Kind) (*schema, error) {
	s, err := d.describe(reflect.TypeOf(kind.Example()))
	if err != nil {
		return nil, err
	}
	s.Dialect = "http://json-schema.org/draft-07/schema#"
	s.ID = "https://orderflow.example/schemas/" + kind.Name() + ".json"
	s.Title = kind.Name()
	return s, nil
}

func (d docs) describe(t reflect.Type) (*schema, error) {
	switch t.Kind() {
	case reflect.Pointer:
		return d.describe(t.Elem())
	case reflect.String:
		return &schema{Type: "string"}, nil
	case reflect.Bool:
		return &schema{Type: "boolean"}, nil
	case reflect.Int64:
		return &schema{Type: "integer", Minimum: number(-largest), Maximum: number(largest)}, nil
	case reflect.Slice:
		items, err := d.describe(t.Elem())
		return &schema{Type: "array", Items: items}, err
	case reflect.Struct:
		return d.object(t)
	}
	return nil, fmt.Errorf("%s: events are made of string, bool, int64, structs and slices of them", t)
}

func (d docs) object(t reflect.Type) (*schema, error) {
	s := &schema{Type: "object", Description: d[typeKey(t)], Properties: properties{}, Additional: new(bool)}
	for _, f := range fieldsOf(t) {
		part, err := d.describe(f.Type)
		if err == nil {
			err = part.narrow(f.Tag.Get("schema"))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		part.Personal = f.Tag.Get("x") == "personal"
		if text := d[typeKey(t)+"."+f.Name]; text != "" {
			part.Description = text
		}
		if !f.optional {
			s.Required = append(s.Required, f.name)
			if part.Items != nil && part.MinItems == 0 {
				part.Type = []string{"array", "null"} // as Go writes a list that was never begun
			}
		}
		s.Properties = append(s.Properties, property{f.name, part})
	}
	return s, nil
}

// narrow applies a field's schema tag: "min=1", "pattern=^[A-Z]$", "enum=a|b".
func (s *schema) narrow(tag string) error {
	if tag == "" {
		return nil
	}
	word, value, _ := strings.Cut(tag, "=")
	switch {
	case word == "pattern" && s.Type == "string":
		s.Pattern = value
	case word == "enum" && s.Type == "string":
		s.Enum = strings.Split(value, "|")
	case word == "min":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return err
		}
		switch s.Type {
		case "integer":
			s.Minimum = &n
		case "string":
			s.MinLength = n
		case "array":
			s.MinItems = n
		}
	default:
		return fmt.Errorf("tag schema:%q: want min, or pattern or enum on a string", tag)
	}
	return nil
}

func number(n int64) *int64 { return &n }
