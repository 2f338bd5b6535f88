package httpserver

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// DecodeJSON reads the request's body into v, which points to a struct, slice or map, as Decode does.
func DecodeJSON(c *gin.Context, v any) *Problem {
	if !IsJSON(c.GetHeader("Content-Type")) {
		return NewProblem(http.StatusUnsupportedMediaType, "media-type", "send the body as application/json")
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return unreadable(err, 0)
	}
	switch faults, readable := Decode(body, v); {
	case faults == nil:
		return nil
	case readable:
		return Invalid(faults...)
	default:
		return Malformed(faults...)
	}
}

// IsJSON tells whether a Content-Type header means JSON, which is UTF-8.
func IsJSON(header string) bool {
	kind, parameters, err := mime.ParseMediaType(header)
	charset, given := parameters["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// Checked are bodies with checks that tags cannot express. Their faults are at places such as body.items[2].sku.
type Checked interface{ Check() []Fault }

// Decode reads a body into v and finds all its faults, each at its own place: those of UnmarshalStrict, those of the tags
// of v's fields, and those of v itself, if it is Checked. A body that is not JSON, or is ambiguous, is not readable; of any
// other v is filled as far as possible.
func Decode(body []byte, v any) (faults []Fault, readable bool) {
	root, faults := readTree(body)
	if faults != nil {
		return faults, false
	}
	k := checker{rules: true}
	k.check(root, reflect.TypeOf(v).Elem(), nil)
	if err := json.Unmarshal(body, v); err != nil && k.faults == nil {
		k.refuse(root, "the value does not fit")
	}
	if own, ok := v.(Checked); ok {
		k.faults = AddFaults(k.faults, own.Check()...)
	}
	return k.faults, true
}

// AddFaults adds faults at places that have none yet.
func AddFaults(faults []Fault, more ...Fault) []Fault {
	for _, f := range more {
		if !slices.ContainsFunc(faults, func(known Fault) bool { return known.Location == f.Location }) {
			faults = append(faults, f)
		}
	}
	return faults
}

// UnmarshalStrict reads a JSON text into v and returns nil when v was filled. It refuses, each with its place and all at
// once where possible: unknown and repeated fields, names in another case, null where nothing can be absent, wrong types,
// integers written as 1.0 or 1e3 or too large, trailing data.
func UnmarshalStrict(body []byte, v any) []Fault {
	root, faults := readTree(body)
	if faults != nil {
		return faults
	}
	var k checker
	k.check(root, reflect.TypeOf(v).Elem(), nil)
	if k.faults == nil && json.Unmarshal(body, v) != nil {
		k.refuse(root, "the value does not fit")
	}
	return k.faults
}

type checker struct {
	rules  bool // the tags count
	faults []Fault
}

func (k *checker) refuse(n *node, detail string) { k.forbid(n.place, detail) }

func (k *checker) forbid(place, detail string) {
	if detail != "" {
		k.faults = append(k.faults, Fault{Detail: detail, Location: place})
	}
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// check compares a value with the Go type that will hold it and, if there is one, its field's rule.
func (k *checker) check(n *node, t reflect.Type, r *rule) {
	if t.Kind() == reflect.Pointer {
		if n.kind != isNull {
			k.check(n, t.Elem(), r)
		}
		return
	}
	if t.Kind() == reflect.Interface {
		return
	}
	if reads := reflect.PointerTo(t); reads.Implements(jsonReader) || reads.Implements(textReader) {
		if n.kind == isNull || json.Unmarshal(n.raw, reflect.New(t).Interface()) != nil {
			k.refuse(n, "not a valid "+strings.ToLower(t.Name()))
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		k.object(n, t)
	case reflect.Map:
		if k.want(n, isObject, "an object") {
			for _, child := range n.children {
				k.check(child, t.Elem(), nil)
			}
		}
	case reflect.Slice, reflect.Array:
		k.list(n, t, r)
	case reflect.String:
		if k.want(n, isString, "a string") && k.rules {
			k.forbid(n.place, cmp.Or(r, &rule{}).text(n.value.(string)))
		}
	case reflect.Bool:
		k.want(n, isBool, "true or false")
	case reflect.Float32, reflect.Float64:
		if k.want(n, isNumber, "a number") {
			if _, err := strconv.ParseFloat(string(n.raw), t.Bits()); err != nil {
				k.refuse(n, "the number is too large")
			}
		}
	default:
		k.integer(n, t, r)
	}
}

func (k *checker) want(n *node, kind byte, what string) bool {
	if n.kind == kind {
		return true
	}
	k.refuse(n, "want "+what)
	return false
}

func (k *checker) object(n *node, t reflect.Type) {
	if !k.want(n, isObject, "an object") {
		return
	}
	known := recordOf(t)
	for i, key := range n.keys {
		if field, ok := known.byName[key]; ok {
			k.check(n.children[i], field.of, field)
		} else {
			k.refuse(n.children[i], "unknown field")
		}
	}
	for _, field := range known.fields {
		if k.rules && field.required && !slices.Contains(n.keys, field.name) {
			k.forbid(n.place+"."+field.name, "is missing")
		}
	}
}

func (k *checker) list(n *node, t reflect.Type, r *rule) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		if json.Unmarshal(n.raw, new([]byte)) != nil || n.kind == isNull {
			k.refuse(n, "want bytes in base64")
		}
		return
	}
	if !k.want(n, isArray, "an array") {
		return
	}
	if t.Kind() == reflect.Array && t.Len() != len(n.children) {
		k.refuse(n, fmt.Sprintf("want %d elements", t.Len()))
	}
	if k.rules && r != nil {
		k.forbid(n.place, r.bounded(int64(len(n.children)), "items"))
	}
	for _, child := range n.children {
		k.check(child, t.Elem(), nil)
	}
}

func (k *checker) integer(n *node, t reflect.Type, r *rule) {
	if !k.want(n, isNumber, "an integer") {
		return
	}
	text := string(n.raw)
	if strings.ContainsAny(text, ".eE") {
		k.refuse(n, "want an integer, written without fraction or exponent")
		return
	}
	var err error
	var value int64
	if k := t.Kind(); k >= reflect.Uint && k <= reflect.Uintptr {
		_, err = strconv.ParseUint(text, 10, t.Bits())
	} else {
		value, err = strconv.ParseInt(text, 10, t.Bits())
	}
	switch {
	case err != nil:
		k.refuse(n, "the integer is out of range")
	case k.rules && r != nil:
		k.forbid(n.place, r.bounded(value, ""))
	}
}
