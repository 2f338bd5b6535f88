package contract

import (
	"encoding/json"
	"unicode/utf8"
)

// maxDepth is how deep encoding/json follows.
const maxDepth = 10_000

// walker goes over a JSON text once.
type walker struct {
	data   []byte
	at     int
	depth  int
	closed bool
}

func (w *walker) notJSON() error {
	if w.at >= len(w.data) {
		return wrong("the JSON ends too early")
	}
	return wrong("not JSON at byte %d", w.at)
}

func (w *walker) space() {
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case ' ', '\n', '\t', '\r':
			w.at++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end.
func (w *walker) peek() byte {
	if w.at < len(w.data) {
		return w.data[w.at]
	}
	return 0
}

// take skips space and then b, which must come next.
func (w *walker) take(b byte) error {
	w.space()
	if w.peek() != b {
		return w.notJSON()
	}
	w.at++
	return nil
}

// open enters an object or array and tells whether it has any items.
func (w *walker) open(end byte) (bool, error) {
	w.at++
	if w.depth++; w.depth > maxDepth {
		return false, wrong("deeper than %d", maxDepth)
	}
	if w.space(); w.peek() == end {
		w.at++
		w.depth--
		return false, nil
	}
	return true, nil
}

// more skips a comma, or leaves the object or array.
func (w *walker) more(end byte) (bool, error) {
	w.space()
	switch w.peek() {
	case ',':
		w.at++
		return true, nil
	case end:
		w.at++
		w.depth--
		return false, nil
	}
	return false, w.notJSON()
}

// name reads a field's name and the colon.
func (w *walker) name() ([]byte, error) {
	w.space()
	name, plain, err := w.text()
	if err != nil {
		return nil, err
	}
	if !plain {
		name = unescape(name)
	}
	return name, w.take(':')
}

// skip skips any value.
func (w *walker) skip() error {
	w.space()
	switch b := w.peek(); b {
	case '{':
		for more, err := w.open('}'); more || err != nil; more, err = w.more('}') {
			if err == nil {
				_, err = w.name()
			}
			if err == nil {
				err = w.skip()
			}
			if err != nil {
				return err
			}
		}
		return nil
	case '[':
		for more, err := w.open(']'); more || err != nil; more, err = w.more(']') {
			if err == nil {
				err = w.skip()
			}
			if err != nil {
				return err
			}
		}
		return nil
	case '"':
		_, _, err := w.text()
		return err
	case 'n':
		return w.word("null")
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	default:
		return w.number()
	}
}

func (w *walker) word(word string) error {
	if rest := w.data[w.at:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		return w.notJSON()
	}
	w.at += len(word)
	return nil
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func (w *walker) digits() error {
	if !digit(w.peek()) {
		return w.notJSON()
	}
	for digit(w.peek()) {
		w.at++
	}
	return nil
}

// number skips a number as defined in RFC 8259, section 6.
func (w *walker) number() error {
	if w.peek() == '-' {
		w.at++
	}
	if w.peek() == '0' {
		w.at++
	} else if err := w.digits(); err != nil {
		return err
	}
	if w.peek() == '.' {
		w.at++
		if err := w.digits(); err != nil {
			return err
		}
	}
	if w.peek()|0x20 == 'e' {
		w.at++
		if b := w.peek(); b == '+' || b == '-' {
			w.at++
		}
		return w.digits()
	}
	return nil
}

// plainByte holds which bytes of a string need no further check.
var plainByte = func() (plain [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		plain[b] = b != '"' && b != '\\'
	}
	return plain
}()

// text reads a string and returns the bytes between the quotes; plain tells that they contain no escapes.
func (w *walker) text() (raw []byte, plain bool, err error) {
	if w.peek() != '"' {
		return nil, false, w.notJSON()
	}
	start, ascii := w.at+1, true
	plain = true
	for w.at = start; ; w.at++ {
		for w.at < len(w.data) && plainByte[w.data[w.at]] {
			w.at++
		}
		switch b := w.peek(); {
		case b == '"':
			raw = w.data[start:w.at]
			w.at++
			if !ascii && !utf8.Valid(raw) {
				return nil, false, wrong("not UTF-8")
			}
			return raw, plain, nil
		case b == '\\':
			plain = false
			if err := w.escape(); err != nil {
				return nil, false, err
			}
		case b >= utf8.RuneSelf:
			ascii = false
		default:
			return nil, false, w.notJSON()
		}
	}
}

// escape moves to the last byte of an escape sequence.
func (w *walker) escape() error {
	w.at++
	switch w.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			w.at++
			if b := w.peek(); !digit(b) && (b|0x20 < 'a' || b|0x20 > 'f') {
				return w.notJSON()
			}
		}
		return nil
	}
	return w.notJSON()
}

// unescape returns the text of a string with escapes. Halves of surrogate pairs become U+FFFD, as in encoding/json.
func unescape(raw []byte) []byte {
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	if err := json.Unmarshal(quoted, &text); err != nil {
		panic("contract: a checked string is none: " + err.Error())
	}
	return []byte(text)
}

func typeOf(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	}
	return "number"
}
