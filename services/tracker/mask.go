package tracker

import (
	"reflect"
	"strings"

	"orderflow.example/shared/saga"
)

// withheld stands where something personal was.
const withheld = "…"

// personal is what payloads declare to tell of a person, by tag. States have no tags: their fields of the same names and
// types are the same.
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

// hides tells whether operators may not see a field: what is personal, and tokens of payments.
func (p *personal) hides(f reflect.StructField) bool {
	return f.Tag.Get("x") == "personal" || p.names[f.Name] || p.types[element(f.Type)] || strings.HasSuffix(f.Name, "Token")
}

// element is the type of what a list, a map or a pointer holds, at any depth.
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

// payload is what an event says, without what is hidden. What nobody declares is not shown at all.
func (p *personal) payload(data []byte, k saga.Kind) any {
	if k == nil {
		return nil
	}
	m := decode(data)
	p.walk(m, reflect.TypeOf(k.Example()), func(m map[string]any, name string) { delete(m, name) })
	return m
}

// withhold replaces what is hidden in the fields of a state.
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

// isBlank tells whether there is nothing in a decoded value.
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
