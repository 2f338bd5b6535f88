package ubl

import (
	"bytes"
	"encoding/xml"
)

// element is an element with either text or children.
type element struct {
	name       string
	attributes []string // name, value, name, value …
	text       string
	children   []*element
}

func of(name, text string, attributes ...string) *element {
	return &element{name: name, text: text, attributes: attributes}
}

func in(name string, children ...*element) *element { return &element{name: name, children: children} }

func (e *element) add(children ...*element) { e.children = append(e.children, children...) }

// empty elements are not written: the standard wants them absent.
func (e *element) empty() bool {
	for _, c := range e.children {
		if !c.empty() {
			return false
		}
	}
	return e.text == ""
}

func (e *element) write(out *bytes.Buffer, indent string) {
	if e.empty() {
		return
	}
	out.WriteString(indent + "<" + e.name)
	for i := 0; i < len(e.attributes); i += 2 {
		out.WriteString(" " + e.attributes[i] + `="` + e.attributes[i+1] + `"`)
	}
	out.WriteString(">")
	_ = xml.EscapeText(out, []byte(e.text)) // a Buffer does not fail
	if len(e.children) > 0 {
		out.WriteString("\n")
		for _, c := range e.children {
			c.write(out, indent+"  ")
		}
		out.WriteString(indent)
	}
	out.WriteString("</" + e.name + ">\n")
}
