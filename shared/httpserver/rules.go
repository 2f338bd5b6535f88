package httpserver

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// rule holds the checks that a field's tags declare. The OpenAPI documents are generated from the same tags, so that the
// description and the checks agree: minLength, maxLength (in characters), pattern, enum, format:"email", minimum,
// maximum, minItems, maxItems, and required, which a field without omitempty is. In addition text:"code" marks text that
// is compared, not read: it has no space at its ends.
type rule struct {
	name           string
	of             reflect.Type
	required       bool
	least, most    *int64 // of the number, the characters or the items
	pattern        *regexp.Regexp
	described      string
	enum           []string
	email, trimmed bool
}

// record holds a struct's fields by their JSON names.
type record struct {
	fields []*rule
	byName map[string]*rule
}

var records sync.Map // reflect.Type → *record

func recordOf(t reflect.Type) *record {
	if known, ok := records.Load(t); ok {
		return known.(*record)
	}
	r := &record{byName: map[string]*rule{}}
	r.add(t)
	records.Store(t, r)
	return r
}

// add lists the names that encoding/json would fill, exactly as written.
func (r *record) add(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case f.Anonymous && name == "" && embedded.Kind() == reflect.Struct:
			for _, inner := range recordOf(embedded).fields {
				if r.byName[inner.name] == nil {
					r.put(inner)
				}
			}
			continue
		case !f.IsExported(), f.Tag.Get("json") == "-":
			continue
		case name == "":
			name = f.Name
		}
		r.put(newRule(name, f, !strings.Contains(options, "omitempty")))
	}
}

func (r *record) put(one *rule) {
	if old := r.byName[one.name]; old != nil {
		r.fields = slices.DeleteFunc(r.fields, func(f *rule) bool { return f == old })
	}
	r.fields, r.byName[one.name] = append(r.fields, one), one
}

func newRule(name string, f reflect.StructField, required bool) *rule {
	r := &rule{name: name, of: f.Type, required: required,
		email: f.Tag.Get("format") == "email", trimmed: f.Tag.Get("text") == "code", described: f.Tag.Get("patternDescription")}
	if text, given := f.Tag.Lookup("required"); given {
		r.required = text == "true"
	}
	bound := func(into **int64, tags ...string) {
		for _, tag := range tags {
			if text, given := f.Tag.Lookup(tag); given {
				n, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					panic(fmt.Sprintf("httpserver: field %s: tag %s: %v", name, tag, err))
				}
				*into = &n
			}
		}
	}
	bound(&r.least, "minimum", "minLength", "minItems")
	bound(&r.most, "maximum", "maxLength", "maxItems")
	if pattern := f.Tag.Get("pattern"); pattern != "" {
		r.pattern = regexp.MustCompile(pattern)
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		r.enum = strings.Split(enum, ",")
	}
	return r
}

// text returns the fault of a string, empty for none.
func (r *rule) text(s string) string {
	n := int64(utf8.RuneCountInString(s))
	unusable := UnusableText(s)
	switch {
	case r.enum != nil && !slices.Contains(r.enum, s):
		return "want one of " + strings.Join(r.enum, ", ")
	case r.most != nil && n > *r.most || r.least != nil && n < *r.least:
		return "want " + r.bounds("characters")
	case unusable != "":
		return unusable
	case r.least != nil && *r.least > 0 && !visible(s):
		return "want more than blanks"
	case r.trimmed && strings.TrimSpace(s) != s:
		return "want no space at the ends"
	case r.pattern != nil && !r.pattern.MatchString(s):
		if r.described != "" {
			return "want " + r.described
		}
		return "want what reads " + r.pattern.String()
	case r.email && !isEmail(s):
		return "want a plain email address, as in ada@example.com"
	}
	return ""
}

// bounded returns the fault of a number or a count, empty for none.
func (r *rule) bounded(n int64, of string) string {
	if r.least != nil && n < *r.least || r.most != nil && n > *r.most {
		return "want " + r.bounds(of)
	}
	return ""
}

func (r *rule) bounds(of string) string {
	text := ""
	switch {
	case r.most == nil:
		text = fmt.Sprintf("at least %d", *r.least)
	case r.least == nil:
		text = fmt.Sprintf("at most %d", *r.most)
	case *r.least == *r.most:
		text = fmt.Sprintf("just %d", *r.least)
	default:
		text = fmt.Sprintf("%d to %d", *r.least, *r.most)
	}
	return strings.TrimSpace(text + " " + of)
}
