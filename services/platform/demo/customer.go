package demo

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
)

// fill is the fill policy for orders of this size.
func (o *order) fill() string {
	switch {
	case len(o.lines) > allOrNothing:
		return "fill_available"
	case o.waits:
		return "fill_all"
	}
	return "fill_or_kill"
}

const allOrNothing = 10 // lines

// card is the payment token the order is paid with.
func (o *order) card() string {
	switch luck := o.luck("card"); {
	case luck < 10:
		return "tok_declined"
	case luck < 15:
		return "tok_insufficient_funds"
	case luck < 20:
		return "tok_timeout"
	case luck < 25:
		return "tok_slow"
	case luck < 30:
		return "tok_capture_fails"
	case luck < 80:
		return "tok_refund_fails_once"
	}
	return "tok_ok"
}

func (n names) email(o *order) string {
	if o.luck("fraud") < 3 {
		return n.mailbox(o.customer) + "@fraud.example"
	}
	return n.mailbox(o.customer) + "@example.com"
}

func (n names) shipTo(o *order) address {
	a := address{Name: "Customer " + n.mailbox(o.customer), Line1: strconv.Itoa(o.luck("street")+1) + " Market Street",
		City: "Exampleton", Postcode: "EX1 2MP", Country: o.country}
	if o.luck("parcel") < 3 {
		a.Postcode = "LOST 1"
	}
	return a
}

// luck is a stable hash of an order and a subject, below 1000.
func (o *order) luck(about string) int {
	sum := fnv.New64a()
	sum.Write([]byte(about + " " + o.key))
	n := sum.Sum64()
	n ^= n >> 29 // the low bits of FNV follow from the last characters alone
	n *= 0xbf58476d1ce4e5b9
	return int((n ^ n>>32) % 1000)
}

// printable is the description in a form that the catalogue accepts.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	runes := []rune(strings.TrimSpace(text))
	return strings.TrimSpace(string(runes[:min(len(runes), 200)]))
}
