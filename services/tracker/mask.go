package tracker

import (
	"reflect"
	"strings"

	"orderflow.example/shared/saga"
)

// withheld replaces a hidden value.
const withheld = "…"

// personal holds the fields that payloads declare personal, by tag. States have no tags: their fields of the same names
// and types are personal too.
type personal struct {
	names map[string]bool
	types map[reflect.Type]bool
}

func (p *personal) declare(k saga.Kind) {
	p.learn(reflect.TypeOf(k.Example()), map[reflect.Type]bool{})
}

func (p *personal) learn(t reflect.Type, seen map[reflect.Type]bool) {
	t = element(t)
	if t == nil || t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("x") != "personal" {
			p.learn(f.Type, seen)
			continue
		}
		p.names[f.Name] = true
		if of := element(f.Type); of.Kind() == reflect.Struct {
			p.types[of] = true
		}
	}
}

// hides tells whether operators may not see a field: a personal one, or a payment token.
func (p *personal) hides(f reflect.StructField) bool {
	return f.Tag.Get("x") == "personal" || p.names[f.Name] || p.types[element(f.Type)] || strings.HasSuffix(f.Name, "Token")
}

// element is the element type of a list, a map or a pointer, at any depth.
func element(t reflect.Type) reflect.Type {
	for t != nil {
		switch t.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
			t = t.Elem()
		default:
			return t
		}
	}
	return t
}

// payload decodes an event's data without hidden values. Data of an undeclared type is not shown at all.
func (p *personal) payload(data []byte, k saga.Kind) any {
	if k == nil {
		return nil
	}
	m := decode(data)
	p.walk(m, reflect.TypeOf(k.Example()), func(m map[string]any, name string) { delete(m, name) })
	return m
}

// withhold replaces the hidden fields of a state.
func (p *personal) withhold(fields map[string]any, t reflect.Type) {
	p.walk(fields, t, func(m map[string]any, name string) {
		if !isBlank(m[name]) {
			m[name] = withheld
		}
	})
}

// walk calls hide for every hidden field of a decoded value of a type.
func (p *personal) walk(v any, t reflect.Type, hide func(m map[string]any, name string)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
			for _, one := range v {
				p.walk(one, t.Elem(), hide)
			}
		}
	case map[string]any:
		switch t.Kind() {
		case reflect.Map:
			for _, one := range v {
				p.walk(one, t.Elem(), hide)
			}
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				name := fieldName(f)
				switch value, there := v[name]; {
				case f.Anonymous && f.Tag.Get("json") == "":
					p.walk(v, f.Type, hide)
				case there && p.hides(f):
					hide(v, name)
				case there:
					p.walk(value, f.Type, hide)
				}
			}
		}
	}
}

func fieldName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

// isBlank tells whether a decoded value is empty.
func isBlank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, one := range v {
			if !isBlank(one) {
				return false
			}
		}
		return true
	}
	return false
}
