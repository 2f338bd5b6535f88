package demo

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// names derives the names that the file does not have: idempotency keys, customers without a number, addresses. They are
// built from the file's name, the invoice and the part, so that the same file gives the same names, corrected or not, and
// no number in a file equals one of them.
type names struct{ file string }

func namesOf(source string) names {
	name := filepath.Base(source)
	for _, packed := range []string{".gz", ".xz"} {
		name = strings.TrimSuffix(name, packed)
	}
	return names{letters(name)[:12]}
}

// letters encodes a text's hash as 32 letters: digits could be taken for a card number.
func letters(text string) string {
	sum := sha256.Sum256([]byte(text))
	all := make([]byte, 0, 32)
	for _, b := range sum[:16] {
		all = append(all, 'a'+b>>4, 'a'+b&15)
	}
	return string(all)
}

// short matches a text that can be used in addresses and prose unchanged.
var short = regexp.MustCompile(`^[A-Za-z0-9_-]{1,12}$`)

// plain makes a text usable in addresses and prose: unchanged, or as letters behind a sign that no such text has.
func plain(text string) string {
	if short.MatchString(text) {
		return text
	}
	return "=" + letters(text)
}

// customer identifies a customer: by the retailer's number, or as a guest of one invoice.
type customer struct{ number, guest string }

// subject is the customer's name in tokens. Numbers and guests have different prefixes.
func (n names) subject(c customer) string {
	if c.guest != "" {
		return "guest-" + n.file + "-" + escaped(c.guest)
	}
	return "customer-" + c.number
}

// mailbox is the part of the customer's address before the @.
func (n names) mailbox(c customer) string {
	if c.guest != "" {
		return "guest-" + n.file + "-" + plain(c.guest)
	}
	return "customer-" + plain(c.number)
}

func (n names) orderKey(o *order) string { return n.key("order", o.key) }

func (n names) cancellationKey(c *cancellation) string {
	return n.key("cancellation", c.invoice, c.of.key)
}

func (n names) returnKey(c *cancellation) string { return n.key("return", c.invoice, c.of.key) }

// key returns an Idempotency-Key. Its parts are escaped, so that / only separates them.
func (n names) key(of string, parts ...string) string {
	text := "demo/" + n.file + "/" + of
	for _, p := range parts {
		text += "/" + escaped(p)
	}
	return text
}

// escaped returns a text without / and =. A long one becomes letters behind a =, since keys and tokens have limits.
func escaped(text string) string {
	text = url.QueryEscape(text)
	if len(text) > 60 {
		return "=" + letters(text)
	}
	return text
}

// receiptKey follows from the delivery's content: the warehouse accepts each key once.
func (n names) receiptKey(day string, part int, items []stocked, products []product) string {
	var content strings.Builder
	for _, s := range items {
		fmt.Fprintf(&content, "%q %s %d\n", products[s.sku].sku, s.warehouse, s.quantity)
	}
	return n.key("receipt", day, fmt.Sprint(part), letters(content.String()))
}

// reason is the reason of a cancellation in its request.
func (c *cancellation) reason() string { return "cancellation invoice " + plain(c.invoice) }
