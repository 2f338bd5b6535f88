package contract

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckClosed checks a payload against this version, without unknown fields. It is for producers.
//
// An error names the place and the violation, and repeats no value: errors end in logs and parked lists.
func (c *Contract) CheckClosed(data []byte) error { return c.check(data, true) }

// CheckOpen is CheckClosed for consumers: unknown fields are skipped, since a newer producer may add some. encoding/json
// decodes an accepted payload without changing it: repeated fields, fields in another case, and bytes that are not UTF-8
// are refused.
func (c *Contract) CheckOpen(data []byte) error { return c.check(data, false) }

func (c *Contract) check(data []byte, closed bool) error {
	w := walker{data: data, closed: closed}
	if err := w.value(c); err != nil {
		return err
	}
	if w.space(); w.at < len(data) {
		return w.notJSON()
	}
	return nil
}

// Fault is a violation and its place, as in lines[2].quantity. It repeats no value.
type Fault struct{ Place, Text string }

func (f *Fault) Error() string {
	if f.Place == "" {
		return f.Text
	}
	return f.Place + ": " + f.Text
}

// wrong makes a fault at the walker's current place; callers add the path to it.
func wrong(format string, args ...any) error { return &Fault{Text: fmt.Sprintf(format, args...)} }

// in adds to a fault the field or item that it is in.
func in(outer string, err error) error {
	f := err.(*Fault)
	if f.Place != "" && f.Place[0] != '[' {
		outer += "."
	}
	f.Place = outer + f.Place
	return f
}

// value checks the value that comes next.
func (w *walker) value(c *Contract) error {
	w.space()
	next := w.peek()
	switch {
	case next == 'n' && c.Nullable:
		return w.word("null")
	case next == '{' && c.Type == Object:
		return w.object(c)
	case next == '[' && c.Type == Array:
		return w.array(c)
	case next == '"' && c.Type == String:
		return w.str(c)
	case (next == '-' || digit(next)) && c.Type == Integer:
		return w.integer(c)
	case next == 't' && c.Type == Boolean:
		return w.word("true")
	case next == 'f' && c.Type == Boolean:
		return w.word("false")
	}
	if err := w.skip(); err != nil {
		return err
	}
	return wrong("want %s, not %s", c.Type, typeOf(next))
}

func (w *walker) object(c *Contract) error {
	var seen uint64
	next := 0 // fields mostly come in order
	for more, err := w.open('}'); more || err != nil; more, err = w.more('}') {
		if err != nil {
			return err
		}
		name, err := w.name()
		if err != nil {
			return err
		}
		i, known := c.field(name, next)
		if !known {
			if err = w.unknown(c, name); err != nil {
				return err
			}
			continue
		}
		f := &c.Fields[i]
		if seen&(1<<i) != 0 {
			return in(f.Name, wrong("is there twice"))
		}
		seen |= 1 << i
		if err = w.value(f.Contract); err != nil {
			return in(f.Name, err)
		}
		next = i + 1
	}
	if missing := c.required &^ seen; missing != 0 {
		return in(c.Fields[bits.TrailingZeros64(missing)].Name, wrong("is missing"))
	}
	return nil
}

// field finds a field by its name, first where it is expected.
func (c *Contract) field(name []byte, expected int) (int, bool) {
	if expected < len(c.Fields) && c.Fields[expected].Name == string(name) {
		return expected, true
	}
	for i := range c.Fields {
		if c.Fields[i].Name == string(name) {
			return i, true
		}
	}
	return 0, false
}

// unknown skips a field that the contract does not have. A field whose name encoding/json would match to a known one in
// another case is refused: its value would be read unchecked.
func (w *walker) unknown(c *Contract, name []byte) error {
	text := string(name)
	for i := range c.Fields {
		if strings.EqualFold(c.Fields[i].Name, text) {
			return in(c.Fields[i].Name, wrong("its name is in another case"))
		}
	}
	if w.closed {
		return wrong("there is no field %.40q", name)
	}
	return w.skip()
}

func (w *walker) array(c *Contract) error {
	n := int64(0)
	for more, err := w.open(']'); more || err != nil; more, err = w.more(']') {
		if err == nil {
			err = w.value(c.Items)
		}
		if err != nil {
			return in(fmt.Sprintf("[%d]", n), err)
		}
		n++
	}
	if n < c.Min {
		return wrong("%d items are fewer than %d", n, c.Min)
	}
	return nil
}

func (w *walker) str(c *Contract) error {
	text, plain, err := w.text()
	if err != nil || c.Min <= 0 && c.Pattern == nil && c.Enum == nil {
		return err
	}
	if !plain {
		text = unescape(text)
	}
	switch {
	case c.Min > 0 && int64(utf8.RuneCount(text)) < c.Min:
		return wrong("shorter than %d", c.Min)
	case c.Pattern != nil && !c.Pattern.Match(text):
		return wrong("does not match %s", c.Pattern)
	case c.Enum != nil && !slices.ContainsFunc(c.Enum, func(one string) bool { return one == string(text) }):
		return wrong("is none of %s", strings.Join(c.Enum, ", "))
	}
	return nil
}

func (w *walker) integer(c *Contract) error {
	start := w.at
	if err := w.number(); err != nil {
		return err
	}
	n, negative := int64(0), w.data[start] == '-'
	for _, b := range w.data[start:w.at] {
		switch {
		case digit(b):
			n = min(n*10+int64(b-'0'), Largest+1) // all values above Largest are alike
		case b != '-':
			return wrong("want an integer in digits alone")
		}
	}
	if negative {
		n = -n
	}
	if n < c.Min {
		return wrong("is below %d", c.Min)
	}
	if n > c.Max {
		return wrong("is above %d", c.Max)
	}
	return nil
}
