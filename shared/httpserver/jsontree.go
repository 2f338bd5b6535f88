package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a JSON value with its place and its text, which encoding/json's own tree does not keep.
type node struct {
	place    string
	raw      []byte
	value    any // nil, bool, string or json.Number for a scalar
	kind     byte
	keys     []string
	children []*node
}

// The kinds of nodes.
const (
	isNull   = 'z'
	isBool   = 'b'
	isString = 's'
	isNumber = 'n'
	isObject = '{'
	isArray  = '['
)

const maxDepth = 64

type treeReader struct {
	decoder *json.Decoder
	body    []byte
	faults  []Fault
}

var errUnreadable = errors.New("unreadable")

// readTree reads exactly one JSON value. It finds faults that encoding/json ignores: repeated keys, trailing data, text
// that is not UTF-8, and U+0000, which no database column takes.
func readTree(body []byte) (*node, []Fault) {
	if !utf8.Valid(body) {
		return nil, []Fault{{Detail: "the body is not UTF-8", Location: "body"}}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, []Fault{{Detail: "a JSON value is wanted, the body is empty", Location: "body"}}
	}
	r := &treeReader{decoder: json.NewDecoder(bytes.NewReader(body)), body: body}
	r.decoder.UseNumber()
	root, err := r.read("body", 0)
	if err != nil {
		if len(r.faults) == 0 || err != errUnreadable {
			r.faults = append(r.faults, syntaxFault(err))
		}
		return nil, r.faults
	}
	if _, err := r.decoder.Token(); err != io.EOF {
		r.faults = append(r.faults, Fault{Detail: "there is more after the end of the JSON value", Location: "body"})
	}
	return root, r.faults
}

func syntaxFault(err error) Fault {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return Fault{Detail: "not valid JSON at byte " + strconv.FormatInt(syntax.Offset, 10), Location: "body"}
	}
	return Fault{Detail: "the JSON value is cut off", Location: "body"}
}

func (r *treeReader) read(place string, depth int) (*node, error) {
	if depth > maxDepth {
		r.faults = append(r.faults, Fault{Detail: "nested too deeply", Location: "body"})
		return nil, errUnreadable
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	n := &node{place: place, value: token}
	end := r.decoder.InputOffset()
	switch v := token.(type) {
	case nil:
		n.kind = isNull
	case bool:
		n.kind = isBool
	case string:
		n.kind = isString
		if strings.ContainsRune(v, 0) {
			r.faults = append(r.faults, Fault{Detail: "the character U+0000 is not allowed", Location: place})
		}
	case json.Number:
		n.kind = isNumber
		n.raw = []byte(v.String())
	case json.Delim:
		start := end - 1
		n.kind = byte(v)
		if err := r.children(n, depth); err != nil {
			return nil, err
		}
		n.raw = r.body[start:r.decoder.InputOffset()]
	}
	if n.kind == isString || n.kind == isBool || n.kind == isNull {
		n.raw, _ = json.Marshal(token)
	}
	return n, nil
}

func (r *treeReader) children(n *node, depth int) error {
	seen := map[string]bool{}
	for index := 0; r.decoder.More(); index++ {
		place := n.place + "[" + strconv.Itoa(index) + "]"
		if n.kind == isObject {
			token, err := r.decoder.Token()
			if err != nil {
				return err
			}
			key := token.(string)
			place = n.place + "." + FieldName(key)
			if seen[key] {
				r.faults = append(r.faults, Fault{Detail: "given twice", Location: place})
			}
			seen[key] = true
			n.keys = append(n.keys, key)
		}
		child, err := r.read(place, depth+1)
		if err != nil {
			return err
		}
		n.children = append(n.children, child)
	}
	_, err := r.decoder.Token()
	return err
}

var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,39}$`)

// FieldName returns a field's name for use in a place: only a name, not any text that may be sent instead.
func FieldName(key string) string {
	if !fieldName.MatchString(key) || holdsCard(key) {
		return "?"
	}
	return key
}
