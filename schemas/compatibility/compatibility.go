// Package compatibility compares today's schemas with those last released. Records stay on their topic, and services are
// deployed one after another, so the rule for an event version is: its new closed form reads all older events, and its
// released open form, which skips unknown fields, reads all new ones. That leaves adding optional fields; anything else
// is a new version beside the old one.
//
// It reads JSON Schemas, not Go types, so that schemas of any release can be compared. "make check" and "orderflow
// choreography --check" use it.
package compatibility

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"orderflow.example/schemas/registry"
	"orderflow.example/schemas/released"
)

// Problem is one change that breaks readers, or a schema that cannot be compared.
type Problem struct {
	Event  string `json:"event"`           // "payment.captured.v1"
	Place  string `json:"place,omitempty"` // "lines[].quantity"; empty for the whole event
	Change string `json:"change"`          // what changed, and whom it breaks
	Advice string `json:"advice"`          // what to do instead
}

func (p Problem) String() string {
	place := p.Event
	if p.Place != "" {
		place += ": " + p.Place
	}
	return place + ": " + p.Change + "; " + p.Advice
}

// Check compares every released event version with the one of this build.
func Check() []Problem {
	var problems []Problem
	for _, event := range Released() {
		old, err := fs.ReadFile(released.Files, strings.Replace(event, ".", "/", 1)+".json")
		if err != nil {
			panic("compatibility: " + err.Error()) // it was listed
		}
		problems = append(problems, Compare(event, old, registry.Schema(event))...)
	}
	return problems
}

// Released lists the released event versions.
func Released() (events []string) {
	files, err := fs.Glob(released.Files, "*/*.json")
	if err != nil {
		panic("compatibility: " + err.Error()) // a pattern that cannot be read
	}
	for _, name := range files {
		events = append(events, strings.Replace(strings.TrimSuffix(name, ".json"), "/", ".", 1))
	}
	return events
}

// Compare compares an event's schema with the released one. Nil for current means that there is none any more.
func Compare(event string, released, current []byte) []Problem {
	c := comparison{event: event}
	if current == nil {
		c.problem("", "it is removed, and is still on topics and in open sagas", "keep it, and stop emitting it")
		return c.problems
	}
	before, ok := c.read("the released schema", released)
	after, also := c.read("the schema", current)
	if ok && also {
		c.compare("", before, after)
	}
	return c.problems
}

type comparison struct {
	event    string
	problems []Problem
}

func (c *comparison) problem(place, change, advice string) {
	c.problems = append(c.problems, Problem{c.event, place, change, advice})
}

func (c *comparison) read(which string, text []byte) (*schema, bool) {
	s, f := read(text)
	if f != nil {
		c.problem(f.place, which+" cannot be read: "+f.text, "write it in the words of schemas/generate")
	}
	return s, f == nil
}

// beside names the new version to define.
func (c *comparison) beside() string {
	stem, version, _ := cutLast(c.event, ".v")
	n, err := strconv.Atoi(version)
	if err != nil {
		return "a new version"
	}
	return fmt.Sprintf("%s.v%d", stem, n+1)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (c *comparison) broken(place, change, instead string) {
	c.problem(place, change, instead+", or define "+c.beside()+" beside it")
}

const (
	tightened = "older events that say otherwise cannot be read"
	loosened  = "older readers refuse what is new"
)

func (c *comparison) compare(place string, before, after *schema) {
	if !slices.Equal(before.types, after.types) {
		c.broken(place, fmt.Sprintf("its type was %s and is %s", strings.Join(before.types, " or "), strings.Join(after.types, " or ")),
			"put it back")
		return
	}
	c.words(place, before, after)
	if before.has("array") {
		c.compare(place+"[]", before.items, after.items)
	}
	if before.has("object") {
		c.fields(place, before, after)
	}
}

// words compares the keywords that narrow a value. As new schemas must read old events and the other way round, none may
// change.
func (c *comparison) words(place string, before, after *schema) {
	c.enum(place, before.enum, after.enum)
	if was, is := text(before.pattern), text(after.pattern); was != is {
		breaks := "older events or older readers do not fit it"
		switch {
		case before.pattern == nil:
			breaks = tightened
		case after.pattern == nil:
			breaks = loosened
		}
		c.broken(place, fmt.Sprintf("its pattern was %s and is %s: %s", was, is, breaks), "put it back")
	}
	c.bound(place, "minimum", before.minimum, after.minimum, 1)
	c.bound(place, "maximum", before.maximum, after.maximum, -1)
	c.bound(place, "minLength", &before.minLength, &after.minLength, 1)
	c.bound(place, "minItems", &before.minItems, &after.minItems, 1)
}

func (c *comparison) enum(place string, before, after []string) {
	if (before == nil) != (after == nil) {
		change := "it may be any string now: " + loosened
		if before == nil {
			change = "it may only be one of " + strings.Join(after, ", ") + " now: " + tightened
		}
		c.broken(place, change, "put it back")
		return
	}
	for _, value := range before {
		if !slices.Contains(after, value) {
			c.broken(place, fmt.Sprintf("it may not be %q any more: older events that say so cannot be read", value), "keep the value")
		}
	}
	for _, value := range after {
		if !slices.Contains(before, value) {
			c.broken(place, fmt.Sprintf("it may be %q now: %s", value, loosened), "leave the value out")
		}
	}
}

func (c *comparison) fields(place string, before, after *schema) {
	for _, name := range sorted(before.properties) {
		at := join(place, name)
		if after.properties[name] == nil {
			c.broken(at, "it is removed: older events that have it cannot be read", "keep it")
			continue
		}
		was, is := slices.Contains(before.required, name), slices.Contains(after.required, name)
		switch {
		case was && !is:
			c.broken(at, "it was required and is optional: older readers cannot do without it", "keep it required")
		case is && !was:
			c.broken(at, "it was optional and is required: older events without it cannot be read", "keep it optional")
		}
		c.compare(at, before.properties[name], after.properties[name])
	}
	for _, name := range sorted(after.properties) {
		if before.properties[name] == nil && slices.Contains(after.required, name) {
			c.broken(join(place, name), "it is new and required: older events do not have it", "make it optional")
		}
	}
}
