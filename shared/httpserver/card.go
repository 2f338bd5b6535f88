package httpserver

import (
	"regexp"
	"strconv"
)

var (
	escapedDigit = regexp.MustCompile(`\\u00(3[0-9]|20|2[dD])`)
	// Ids that consist of hexadecimal digits can contain any run of decimal ones.
	identifier = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,})\b`)
	digitRuns  = regexp.MustCompile(`[0-9](?:[ -]{0,3}[0-9]){12,}`)
	digitGroup = regexp.MustCompile(`[0-9]+`)
)

// containsCardNumber looks for a number of 13 to 19 digits with a right check digit (ISO/IEC 7812), written in one
// piece or with spaces and dashes, also when JSON escapes hide it. In a longer row of groups, as when an expiry date
// follows, it looks for groups that together begin like a card of the large schemes.
func containsCardNumber(body []byte) bool {
	if escapedDigit.Match(body) {
		body = escapedDigit.ReplaceAllFunc(body, func(escape []byte) []byte {
			code, _ := strconv.ParseUint(string(escape[4:]), 16, 8)
			return []byte{byte(code)}
		})
	}
	if !digitRuns.Match(body) {
		return false
	}
	for _, run := range digitRuns.FindAll(identifier.ReplaceAll(body, []byte("id")), -1) {
		groups := digitGroup.FindAll(run, -1)
		for first := range groups {
			var digits []byte
			for last := first; last < len(groups); last++ {
				if digits = append(digits, groups[last]...); len(digits) > 19 {
					break
				}
				whole := first == 0 && last == len(groups)-1
				if isCard(digits) && (whole || len(groups[last]) == len(digits) || largeScheme(digits)) {
					return true
				}
			}
		}
	}
	return false
}

func largeScheme(digits []byte) bool {
	two, _ := strconv.Atoi(string(digits[:2]))
	return two >= 30 && two <= 69 || two >= 22 && two <= 27
}

// isCard checks length and Luhn's check digit. All zeros pass that check and are no card.
func isCard(digits []byte) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
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
	return sum > 0 && sum%10 == 0
}
