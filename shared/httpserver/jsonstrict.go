package httpserver

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// DecodeJSON reads the request's body into v, which points to a struct, slice or map. It refuses, each with its place
// and all at once where possible: unknown and repeated fields, names in another case, null where nothing can be
// absent, wrong types, integers written as 1.0 or 1e3 or too large, trailing data. Whether a field that must be there
// is there is for the caller to check.
func DecodeJSON(c *gin.Context, v any) *Problem {
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "application/json" {
		return NewProblem(http.StatusUnsupportedMediaType, "media-type", "send the body as application/json")
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return unreadable(err, 0)
	}
	if faults := UnmarshalStrict(body, v); faults != nil {
		return Malformed(faults...)
	}
	return nil
}

// UnmarshalStrict is DecodeJSON for bytes. It returns nil when v was filled.
func UnmarshalStrict(body []byte, v any) []Fault {
	root, faults := readTree(body)
	if faults != nil {
		return faults
	}
	var k checker
	k.check(root, reflect.TypeOf(v).Elem())
	if k.faults == nil && json.Unmarshal(body, v) != nil {
		k.refuse(root, "the value does not fit")
	}
	return k.faults
}

// CheckSyntax finds what is wrong with a JSON text whatever it should hold.
func CheckSyntax(body []byte) []Fault {
	_, faults := readTree(body)
	return faults
}

type checker struct{ faults []Fault }

func (k *checker) refuse(n *node, detail string) {
	k.faults = append(k.faults, Fault{Detail: detail, Location: n.place})
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// check compares a value with the Go type that is to hold it.
func (k *checker) check(n *node, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		if n.kind != isNull {
			k.check(n, t.Elem())
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
				k.check(child, t.Elem())
			}
		}
	case reflect.Slice, reflect.Array:
		k.list(n, t)
	case reflect.String:
		k.want(n, isString, "a string")
	case reflect.Bool:
		k.want(n, isBool, "true or false")
	case reflect.Float32, reflect.Float64:
		if k.want(n, isNumber, "a number") {
			if _, err := strconv.ParseFloat(string(n.raw), t.Bits()); err != nil {
				k.refuse(n, "the number is too large")
			}
		}
	default:
		k.integer(n, t)
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
	fields := fieldsOf(t)
	for i, key := range n.keys {
		if field, ok := fields[key]; ok {
			k.check(n.children[i], field)
		} else {
			k.refuse(n.children[i], "unknown field")
		}
	}
}

func (k *checker) list(n *node, t reflect.Type) {
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
	for _, child := range n.children {
		k.check(child, t.Elem())
	}
}

func (k *checker) integer(n *node, t reflect.Type) {
	if !k.want(n, isNumber, "an integer") {
		return
	}
	text := string(n.raw)
	if strings.ContainsAny(text, ".eE") {
		k.refuse(n, "want an integer, written without fraction or exponent")
		return
	}
	var err error
	if k := t.Kind(); k >= reflect.Uint && k <= reflect.Uintptr {
		_, err = strconv.ParseUint(text, 10, t.Bits())
	} else {
		_, err = strconv.ParseInt(text, 10, t.Bits())
	}
	if err != nil {
		k.refuse(n, "the integer is out of range")
	}
}

// fieldsOf lists the names encoding/json would fill, exactly as they are written.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case f.Anonymous && name == "" && embedded.Kind() == reflect.Struct:
			for inner, t := range fieldsOf(embedded) {
				if fields[inner] == nil {
					fields[inner] = t
				}
			}
			continue
		case !f.IsExported(), f.Tag.Get("json") == "-":
			continue
		case name == "":
			name = f.Name
		}
		fields[name] = f.Type
	}
	return fields
}
