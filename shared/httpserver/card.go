package httpserver

import (
	"bytes"
	"regexp"
	"slices"
	"unicode"
)

// Ids that consist of hexadecimal digits can contain any run of decimal ones, and a time (RFC 3339, to the nanosecond)
// is 23 digits in small groups, of which some pass for a card number.
var identifier = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}` +
	`|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))\b`)

// amounts are fields with numbers of our own, articleNumbers those that often hold a GTIN: one in ten GTINs looks like a
// card number.
var (
	amounts        = []string{"quantity", "amount", "reorder_point"}
	articleNumbers = []string{"sku", "warehouse"}
)

// cardFaults finds the fields of a body that hold a payment card number. A body that is not JSON is searched as one text.
func cardFaults(body []byte) (faults []Fault) {
	if !bytes.Contains(body, []byte(`\u`)) && !holdsCard(string(body)) {
		return nil
	}
	refuse := func(place string) {
		faults = append(faults, Fault{Location: place, Detail: "looks like a payment card number; send a payment token instead"})
	}
	root, unreadable := readTree(body)
	if unreadable != nil {
		if holdsCard(string(body)) {
			refuse("body")
		}
		return faults
	}
	var look func(n *node, field string)
	look = func(n *node, field string) {
		text, _ := n.value.(string)
		switch {
		case n.kind == isNumber && slices.Contains(amounts, field):
		case n.kind == isNumber && holdsCard(string(n.raw)):
			refuse(n.place)
		case n.kind == isString && HoldsCard(field, text):
			refuse(n.place)
		}
		for i, child := range n.children {
			if n.kind == isArray {
				look(child, field)
				continue
			}
			if holdsCard(n.keys[i]) {
				refuse(child.place)
			}
			look(child, n.keys[i])
		}
	}
	look(root, "")
	return faults
}

// HoldsCard tells whether a request's field of this name would be refused for its text, which looks like a payment card number.
func HoldsCard(field, text string) bool {
	return holdsCard(text) && !(slices.Contains(articleNumbers, field) && isArticleNumber(text))
}

// isArticleNumber distinguishes a GTIN, of 14 digits at most, from the longer numbers of the cards in use.
func isArticleNumber(text string) bool {
	return countDigits(text) <= 14
}

func countDigits(text string) (n int) {
	for _, r := range text {
		if _, ok := decimal(r); ok {
			n++
		}
	}
	return n
}

// holdsCard looks for a card number without separators or in groups with up to three separators between them: anything
// but letters and digits. Digits of all scripts count. Other numbers may precede or follow it.
func holdsCard(text string) bool {
	if countDigits(text) < 13 {
		return false
	}
	text = identifier.ReplaceAllString(text, "id")
	var groups [][]byte
	gap := 0
	for _, r := range text {
		d, ok := decimal(r)
		switch {
		case ok && (gap == 0 && groups != nil):
			groups[len(groups)-1] = append(groups[len(groups)-1], d)
		case ok:
			groups, gap = append(groups, []byte{d}), 0
		case groups == nil:
		case unicode.IsLetter(r) || gap == 3:
			if cardIn(groups) {
				return true
			}
			groups, gap = nil, 0
		default:
			gap++
		}
	}
	return cardIn(groups)
}

// decimal returns the ASCII digit for a digit of any script.
func decimal(r rune) (byte, bool) {
	if r < 0x80 {
		return byte(r), '0' <= r && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, block := range unicode.Nd.R16 {
		if rune(block.Lo) <= r && r <= rune(block.Hi) {
			return '0' + byte((r-rune(block.Lo))%10), true
		}
	}
	for _, block := range unicode.Nd.R32 {
		if rune(block.Lo) <= r && r <= rune(block.Hi) {
			return '0' + byte((r-rune(block.Lo))%10), true
		}
	}
	return 0, false
}

func cardIn(groups [][]byte) bool {
	for first := range groups {
		var digits []byte
		for last := first; last < len(groups); last++ {
			if digits = append(digits, groups[last]...); len(digits) > 19 {
				break
			}
			if len(digits) >= 13 && issued(string(digits)) && luhn(digits) {
				return true
			}
		}
	}
	return false
}

// issuers are the ranges of ISO/IEC 7812 in which cards are issued, and the lengths of their numbers. Maestro's short
// numbers are left out: nobody issues them, and they begin like the article numbers of Britain.
var issuers = []struct {
	from, to string
	lengths  []int
}{
	{"4", "4", []int{13, 16, 18, 19}},           // Visa
	{"51", "55", []int{16}},                     // Mastercard
	{"2221", "2720", []int{16}},                 // Mastercard
	{"34", "34", []int{15}},                     // American Express
	{"37", "37", []int{15}},                     // American Express
	{"300", "305", []int{14, 16, 17, 18, 19}},   // Diners Club
	{"3095", "3095", []int{14, 16, 17, 18, 19}}, // Diners Club
	{"36", "36", []int{14, 15, 16, 17, 18, 19}}, // Diners Club
	{"38", "39", []int{14, 16, 17, 18, 19}},     // Diners Club
	{"3528", "3589", []int{16, 17, 18, 19}},     // JCB
	{"2200", "2204", []int{16, 17, 18, 19}},     // Mir
	{"50", "50", []int{16, 17, 18, 19}},         // Maestro, RuPay, Verve
	{"56", "58", []int{16, 17, 18, 19}},         // Maestro
	{"60", "69", []int{16, 17, 18, 19}},         // Discover, UnionPay, Maestro, RuPay, Elo
	{"81", "82", []int{16, 17, 18, 19}},         // UnionPay, RuPay
	{"9792", "9792", []int{16}},                 // Troy
}

func issued(digits string) bool {
	for _, i := range issuers {
		if begins := digits[:len(i.from)]; begins >= i.from && begins <= i.to && slices.Contains(i.lengths, len(digits)) {
			return true
		}
	}
	return false
}

// luhn tells whether the last digit is the right check digit.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
