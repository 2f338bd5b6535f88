package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

// place is the position of a value in a JSON text.
type place struct {
	path       string
	field      string // its name; empty for an item of an array
	name       int    // where the name begins
	start, end int    // of the value
}

func (p place) replace(text, value string) string { return text[:p.start] + value + text[p.end:] }

// insert inserts text before the field.
func (p place) insert(text, what string) string { return text[:p.name] + what + text[p.name:] }

func (p place) rename(text, field string) string { return p.renameRaw(text, fmt.Sprintf("%q", field)) }

func (p place) renameRaw(text, quoted string) string {
	return text[:p.name] + quoted + text[p.name+len(p.field)+2:]
}

// without removes the field, and its comma.
func (p place) without(text string) string {
	before, after := bytes.TrimRight([]byte(text[:p.name]), " \n"), bytes.TrimLeft([]byte(text[p.end:]), " \n")
	switch {
	case after[0] == ',':
		after = after[1:]
	case before[len(before)-1] == ',':
		before = before[:len(before)-1]
	}
	return string(before) + string(after)
}

// placesOf finds every value inside an object.
func placesOf(t testing.TB, text string) (all []place) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	token := func() json.Token {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	// begin returns the position of the next value.
	begin := func() int {
		at := int(d.InputOffset())
		for text[at] == ':' || text[at] == ',' || text[at] == ' ' || text[at] == '\n' {
			at++
		}
		return at
	}
	var value func(p place, path string)
	value = func(p place, path string) {
		p.path, p.start = path, begin()
		switch token() {
		case json.Delim('{'):
			for d.More() {
				at := begin()
				name := token().(string)
				value(place{field: name, name: at}, path+"."+name)
			}
			token()
		case json.Delim('['):
			for i := 0; d.More(); i++ {
				value(place{}, fmt.Sprintf("%s[%d]", path, i))
			}
			token()
		}
		p.end = int(d.InputOffset())
		if path != "" {
			all = append(all, p)
		}
	}
	value(place{}, "")
	for i := range all {
		if all[i].path[0] == '.' {
			all[i].path = all[i].path[1:]
		}
	}
	return all
}

// backward returns the payload with its outermost fields in the opposite order.
func backward(t testing.TB, text string) string {
	var out []byte
	for _, p := range placesOf(t, text) {
		if p.field == "" || bytes.ContainsAny([]byte(p.path), ".[") {
			continue
		}
		out = append([]byte(","+text[p.name:p.end]), out...)
	}
	return "{" + string(out[min(1, len(out)):]) + "}"
}
