package httpserver

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UnusableText says what is wrong with a text, empty for nothing. Names in any script are fine. What databases do not
// keep (U+0000), what is left of bytes that are no text, and what makes a line read otherwise than it is are not.
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

// visible tells whether anything of a text can be seen: not in one of blanks, joiners and fillers alone.
func visible(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != '\u2800' &&
			!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	})
}

// isEmail tells an address that mail can be sent to from one with a display name, a comment or a host without a domain.
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
