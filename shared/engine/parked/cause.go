package parked

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	masked     = "…"
	maxCause   = 300 // bytes of a reason that are looked at
	groupBytes = 6   // of the digest that names a group
)

// Cause is a reason without what differs from saga to saga: its first line, with ids, numbers, quoted text and mail
// addresses replaced by "…". Reasons with one cause are one group.
func Cause(reason string) string {
	s, _, _ := strings.Cut(strings.ToValidUTF8(reason, ""), "\n")
	s = strings.TrimSpace(cut(s, maxCause))
	var out strings.Builder
	glue := "" // what stands between a mask and the next word, if it may belong to a list of masked things
	last := false
	write := func(text string) {
		switch {
		case text == masked && last:
			glue = "" // one mask stands for the whole list
			return
		case last && strings.Trim(text, " .,:;/") == "":
			glue += text
			return
		}
		out.WriteString(glue)
		out.WriteString(text)
		glue, last = "", text == masked
	}
	for i, before := 0, ' '; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if end := quoted(s[i:], r, before); end > 0 {
			write(masked)
			i, before = i+end, '"'
			continue
		}
		if n := wordLen(s[i:]); n > 0 {
			writeWord(s[i:i+n], write)
			i, before = i+n, 'a'
			continue
		}
		write(s[i : i+size])
		i, before = i+size, r
	}
	out.WriteString(glue)
	return out.String()
}

// cut takes whole characters from the front, at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// quoted is how long the quoted text is that begins with r, 0 where none does. An apostrophe within a word begins none.
func quoted(s string, r, before rune) int {
	closing := map[rune]rune{'"': '"', '`': '`', '\'': '\'', '“': '”', '‘': '’', '«': '»'}[r]
	if closing == 0 || r == '\'' && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
		return 0
	}
	escaped := false
	for i, c := range s {
		switch {
		case i == 0:
		case escaped:
			escaped = false
		case c == '\\' && closing == '"':
			escaped = true
		case c == closing:
			return i + utf8.RuneLen(c)
		}
	}
	return 0
}

// wordLen is how long the word at the front is: letters, digits, and what ids, addresses and names of events consist of.
func wordLen(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.@+%", r) {
			return i
		}
	}
	return len(s)
}

// writeWord masks an address as a whole, and of other words the parts that hold digits, but for the version of an event.
func writeWord(word string, write func(string)) {
	if strings.Contains(strings.Trim(word, "@"), "@") {
		write(masked)
		return
	}
	for i, part := range strings.Split(word, ".") {
		if i > 0 {
			write(".")
		}
		switch {
		case part == "":
		case strings.IndexFunc(part, unicode.IsDigit) >= 0 && !isVersion(part):
			write(masked)
		default:
			write(part)
		}
	}
}

func isVersion(part string) bool {
	return len(part) >= 2 && len(part) <= 3 && part[0] == 'v' && strings.Trim(part[1:], "0123456789") == ""
}

// groupOf names the group of a head: the same name wherever and whenever it is worked out.
func groupOf(h Item, cause string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{h.Service, h.Type, h.Form, cause}, "\x00")))
	return hex.EncodeToString(sum[:groupBytes])
}

// shown is a reason as people may see it: without mail addresses.
func shown(reason string) string {
	if !strings.Contains(reason, "@") {
		return reason
	}
	words := strings.FieldsFunc(reason, func(r rune) bool {
		return !strings.ContainsRune("_-.@+%", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for _, word := range words {
		if strings.Contains(strings.Trim(word, "@"), "@") {
			reason = strings.ReplaceAll(reason, word, masked)
		}
	}
	return reason
}
