package httpserver

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UnusableText returns the fault of a text, empty for none. Names in any script are valid. Text that databases cannot
// store (U+0000), replacement characters of invalid bytes, and characters that change how a line is read are not.
func UnusableText(text string) string {
	if !utf8.ValidString(text) {
		return "want text in UTF-8"
	}
	for _, r := range text {
		switch {
		case r < 0x7f && r >= ' ':
		case r == utf8.RuneError, unicode.Is(unicode.Noncharacter_Code_Point, r):
			return "want text without characters that stand for none"
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return "want text without control characters"
		case unicode.Is(unicode.Bidi_Control, r), r >= 0xe0000 && r <= 0xe007f:
			return "want text without characters that change how others are read"
		}
	}
	return ""
}

// visible tells whether a text has any visible character: blanks, joiners and fillers alone are invisible.
func visible(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != '\u2800' &&
			!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	})
}

// isEmail tells whether mail can be sent to the text: an address without display name and comment, at a host with a
// domain.
func isEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	at := strings.LastIndexByte(text, '@')
	if err != nil || parsed.Address != text || at < 1 || at > 64 {
		return false
	}
	domain := text[at+1:]
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") &&
		!strings.ContainsAny(text, " \t\r\n\"<>()[]")
}
