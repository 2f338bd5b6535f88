package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// schema is a JSON Schema of keywords that mean the same in draft-07 and 2020-12. Shared parts are repeated in place: the
// drafts differ in where they are kept.
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

// event returns the closed form of the event's payload: it allows the fields and values of this version and nothing else.
func (d docs) event(kind saga.Kind) (*schema, error) {
	c, err := contract.Of(reflect.TypeOf(kind.Example()))
	if err != nil {
		return nil, err
	}
	s := d.describe(c)
	s.Dialect = "http://json-schema.org/draft-07/schema#"
	s.ID = "https://orderflow.example/schemas/" + kind.Name() + ".json"
	s.Title = kind.Name()
	return s, nil
}

func (d docs) describe(c *contract.Contract) *schema {
	s := &schema{Type: c.Type, Personal: c.Personal, Enum: c.Enum}
	switch c.Type {
	case contract.Integer:
		s.Minimum, s.Maximum = &c.Min, &c.Max
	case contract.String:
		s.MinLength = c.Min
		if c.Pattern != nil {
			s.Pattern = c.Pattern.String()
		}
	case contract.Array:
		s.MinItems, s.Items = c.Min, d.describe(c.Items)
	case contract.Object:
		s.Description, s.Properties, s.Additional = d[typeKey(c.Go)], properties{}, new(bool)
		for _, f := range c.Fields {
			part := d.describe(f.Contract)
			if text := d[typeKey(c.Go)+"."+f.GoName]; text != "" {
				part.Description = text
			}
			if !f.Optional {
				s.Required = append(s.Required, f.Name)
			}
			s.Properties = append(s.Properties, property{f.Name, part})
		}
	}
	if c.Nullable {
		s.Type = []contract.Type{c.Type, "null"}
	}
	return s
}
