package demo

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// text is a file's characters as UTF-8. Invalid bytes are left as they are, or became U+FFFD.
type text struct {
	data     []byte
	encoding string
	replaced bool // invalid bytes became U+FFFD
}

// decode reads the whole file in one encoding: that of its byte order mark, else UTF-16 if every other byte is zero, else
// UTF-8, or Windows-1252 if more of the non-ASCII bytes are invalid UTF-8 than valid.
func decode(raw []byte) (text, error) {
	utf16 := func(order unicode.Endianness, name string) (text, error) {
		return decodeAs(unicode.UTF16(order, unicode.UseBOM), name, raw)
	}
	switch head := raw[:min(len(raw), 64)]; {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return text{data: raw[3:], encoding: "UTF-8 with a byte order mark"}, nil
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), zeros(head, 1):
		return utf16(unicode.LittleEndian, "UTF-16, little endian")
	case bytes.HasPrefix(raw, []byte("\xfe\xff")), zeros(head, 0):
		return utf16(unicode.BigEndian, "UTF-16, big endian")
	}
	valid, invalid := 0, 0
	for rest := raw; len(rest) > 0; {
		if rest[0] < utf8.RuneSelf {
			rest = rest[1:]
			continue
		}
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			invalid++
		} else {
			valid++
		}
		rest = rest[size:]
	}
	if invalid > valid {
		return decodeAs(charmap.Windows1252, "Windows-1252", raw)
	}
	return text{data: raw, encoding: "UTF-8"}, nil
}

func decodeAs(e encoding.Encoding, name string, raw []byte) (text, error) {
	data, err := e.NewDecoder().Bytes(raw)
	if err != nil {
		return text{}, fmt.Errorf("reading it as %s: %w", name, err)
	}
	return text{data: data, encoding: name, replaced: true}, nil
}

// zeros reports whether every second byte is zero, as in Latin letters in UTF-16.
func zeros(head []byte, first int) bool {
	if len(head) < 4 {
		return false
	}
	for i := first; i < len(head); i += 2 {
		if head[i] != 0 || i^1 < len(head) && head[i^1] == 0 {
			return false
		}
	}
	return true
}

// whole reports whether all fields are valid in the file's encoding.
func (t text) whole(fields []string) bool {
	for _, f := range fields {
		for _, r := range f {
			if r == 0 || r == utf8.RuneError && (t.replaced || !utf8.ValidString(f)) {
				return false
			}
		}
	}
	return true
}
