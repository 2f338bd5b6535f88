// Package contract checks payloads against their Go types: which fields exist, which are required, and which values are
// valid. No other package reads the struct tags that declare this; the JSON Schemas are generated from it, so that the
// published and the checked contract are the same.
//
// It is no JSON Schema validator and knows no event. Package saga checks every payload with it, and schemas/generate
// writes the schemas from it.
package contract

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Type is a kind of JSON value, by its name in JSON Schema.
type Type string

// The types of payloads. An Integer is written in digits alone, without fraction or exponent.
const (
	Object  Type = "object"
	Array   Type = "array"
	String  Type = "string"
	Integer Type = "integer"
	Boolean Type = "boolean"
)

// Largest is the largest integer that every JSON reader keeps exactly: 2⁵³ − 1.
const Largest = 1<<53 - 1

// maxFields is how many fields an object may have: a set of them has this many bits.
const maxFields = 64

// Contract is the contract of one value.
type Contract struct {
	Go       reflect.Type // without pointers
	Type     Type
	Nullable bool           // null is valid: Go marshals a nil slice as null
	Personal bool           // personal data
	Min      int64          // the least integer, the fewest characters of a string, the fewest items of an array
	Max      int64          // the largest integer
	Pattern  *regexp.Regexp // of a string, nil: any
	Enum     []string       // the valid strings, nil: all
	Items    *Contract      // of an array
	Fields   []Field        // of an object

	required uint64 // a bit for each of Fields
}

// Field is one field of an object.
type Field struct {
	Name     string // in JSON
	GoName   string
	Optional bool
	*Contract
}

// Of reads a payload's type: a struct of strings, booleans, int64s, structs and slices of them, each field with a json
// tag. Fields without omitempty are required. A field's tag schema:"…" narrows it: min=1, pattern=^[A-Z]{2}$, enum=a|b;
// x:"personal" marks personal data.
func Of(t reflect.Type) (*Contract, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s: a payload is a struct", t)
	}
	return of(t, nil)
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func of(t reflect.Type, inside []reflect.Type) (*Contract, error) {
	c := &Contract{Go: t}
	if reads := reflect.PointerTo(t); reads.Implements(jsonReader) || reads.Implements(textReader) {
		return nil, fmt.Errorf("%s has its own UnmarshalJSON or UnmarshalText", t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return of(t.Elem(), inside)
	case reflect.String:
		c.Type = String
	case reflect.Bool:
		c.Type = Boolean
	case reflect.Int64:
		c.Type, c.Min, c.Max = Integer, -Largest, Largest
	case reflect.Slice:
		items, err := of(t.Elem(), inside)
		c.Type, c.Items = Array, items
		return c, err
	case reflect.Struct:
		c.Type = Object
		if slices.Contains(inside, t) {
			return nil, fmt.Errorf("%s holds another %s", t, t)
		}
		return c, c.addFields(append(slices.Clip(inside), t))
	default:
		return nil, fmt.Errorf("%s: payloads are made of string, bool, int64, structs and slices of them", t)
	}
	return c, nil
}

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *Contract) addFields(inside []reflect.Type) error {
	if c.Go.NumField() > maxFields {
		return fmt.Errorf("%s has more than %d fields", c.Go, maxFields)
	}
	for i := range c.Go.NumField() {
		f := c.Go.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		twice := slices.ContainsFunc(c.Fields, func(other Field) bool { return other.Name == name })
		if !f.IsExported() || f.Anonymous || !fieldName.MatchString(name) || twice || options != "" && options != "omitempty" {
			return fmt.Errorf(`%s.%s: want an exported field with a name of its own, as in json:"unit_price" or json:"reason,omitempty"`,
				c.Go, f.Name)
		}
		part, err := of(f.Type, inside)
		if err == nil {
			err = part.narrow(f.Tag.Get("schema"))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		part.Personal = f.Tag.Get("x") == "personal"
		if options == "" {
			c.required |= 1 << i
			part.Nullable = part.Type == Array && part.Min == 0
		}
		c.Fields = append(c.Fields, Field{name, f.Name, options != "", part})
	}
	return nil
}

// narrow applies a field's schema tag.
func (c *Contract) narrow(tag string) (err error) {
	word, value, _ := strings.Cut(tag, "=")
	switch {
	case tag == "":
	case word == "pattern" && c.Type == String:
		c.Pattern, err = regexp.Compile(value)
	case word == "enum" && c.Type == String:
		c.Enum = strings.Split(value, "|")
	case word == "min" && c.Type != Object && c.Type != Boolean:
		c.Min, err = strconv.ParseInt(value, 10, 64)
		if err == nil && c.Min < 0 && c.Type != Integer {
			err = fmt.Errorf("tag schema:%q: a length cannot be negative", tag)
		}
	default:
		err = fmt.Errorf("tag schema:%q: want min=, or pattern= or enum= on a string", tag)
	}
	return err
}
