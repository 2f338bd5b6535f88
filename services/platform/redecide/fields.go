package redecide

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// Field is a field in which a payload differs. Personal values are left out.
type Field struct {
	Event    string `json:"event"`
	Path     string `json:"path"`
	Recorded string `json:"recorded,omitempty"`
	Decided  string `json:"decided,omitempty"`
}

// mostFields is the number of fields listed per event.
const mostFields = 20

// differing lists the fields in which the payload of an event differs from the recorded one. Numbers of a series are not
// compared: they are assigned when the event is committed.
func differing(kind saga.Kind, numbered *saga.Series, e saga.Event, g *said) []Field {
	data, recorded := e.Data, g.raw
	if g.wrote != kind.Name() || numbered != nil {
		was := g.Data
		if numbered != nil && was != nil {
			data, was = numbered.Set(data, 0, e.Time), numbered.Set(was, 0, e.Time)
		}
		recorded, _ = json.Marshal(was)
	}
	decided, err := json.Marshal(data)
	if err != nil {
		return []Field{{Event: e.Type, Path: "(it cannot be written as JSON)"}}
	}
	if bytes.Equal(recorded, decided) {
		return nil
	}
	d := differ{event: e.Type, personal: personalOf(kind)}
	d.at("", parse(recorded), parse(decided), false)
	return d.fields[:min(len(d.fields), mostFields)]
}

func parse(text []byte) (value any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil
	}
	return value
}

type differ struct {
	event    string
	personal map[string]bool
	fields   []Field
}

func (d *differ) at(path string, was, is any, private bool) {
	switch a := was.(type) {
	case map[string]any:
		if b, ok := is.(map[string]any); ok {
			names := maps.Clone(a)
			maps.Copy(names, b)
			for _, name := range slices.Sorted(maps.Keys(names)) {
				d.at(join(path, name), a[name], b[name], private || d.personal[name])
			}
			return
		}
	case []any:
		if b, ok := is.([]any); ok && len(a) == len(b) {
			for i := range a {
				d.at(fmt.Sprintf("%s[%d]", path, i), a[i], b[i], private)
			}
			return
		}
	}
	if reflect.DeepEqual(was, is) {
		return
	}
	f := Field{Event: d.event, Path: path}
	if !private && !holds(was, d.personal) && !holds(is, d.personal) {
		f.Recorded, f.Decided = show(was), show(is)
	}
	d.fields = append(d.fields, f)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// longest is the number of bytes shown of a value.
const longest = 200

func show(value any) string {
	if value == nil {
		return "nothing"
	}
	written, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	if len(written) > longest {
		return string(bytes.ToValidUTF8(written[:longest], nil)) + "…"
	}
	return string(written)
}

var personalFields sync.Map // by event type

// personalOf are the names of an event's personal fields, at any depth.
func personalOf(kind saga.Kind) map[string]bool {
	if known, ok := personalFields.Load(kind.Name()); ok {
		return known.(map[string]bool)
	}
	names := map[string]bool{}
	if c, err := contract.Of(reflect.TypeOf(kind.Example())); err == nil {
		collect(c, names)
	}
	personalFields.Store(kind.Name(), names)
	return names
}

func collect(c *contract.Contract, names map[string]bool) {
	if c.Items != nil {
		collect(c.Items, names)
	}
	for _, f := range c.Fields {
		if f.Personal {
			names[f.Name] = true
		}
		collect(f.Contract, names)
	}
}

// holds tells whether a value has a field of one of these names.
func holds(value any, names map[string]bool) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, part := range v {
			if names[name] || holds(part, names) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(part any) bool { return holds(part, names) })
	}
	return false
}
