package gateway

import (
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"strings"

	"orderflow.example/services/platform/world/chance"
)

// Request is the body of every request to the gateway.
type Request struct {
	Order     string `json:"order"`
	Attempt   string `json:"attempt,omitempty"`
	Reference string `json:"reference,omitempty"`
	Amount    int64  `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Token     string `json:"token,omitempty"`
	Captures  int64  `json:"captures,omitempty"` // of an authorisation: how many of parts of it may follow, where that is not one
	Final     *bool  `json:"final,omitempty"`    // of a capture: false if the rest stays set aside
}

// operation is one kind of request.
type operation struct {
	name   string
	valid  func(q Request) bool
	needs  string // what valid requires, for people
	decide func(b *book, key string, q Request) []Entry
	done   Kind
	not    Kind
}

var operations = []operation{
	{"authorizations", func(q Request) bool { return q.Amount > 0 && len(q.Currency) == 3 && q.Token != "" && q.Captures >= 0 },
		"a positive amount, a currency of three letters and a token", authorize, Authorized, Declined},
	{"captures", func(q Request) bool { return q.Amount > 0 && q.Reference != "" },
		"a positive amount and the reference of an authorisation", capture, Captured, CaptureRefused},
	{"voids", func(q Request) bool { return q.Attempt != "" },
		"the attempt to void: the idempotency key of an authorisation", void, Voided, VoidRefused},
	{"refunds", func(q Request) bool { return q.Amount > 0 && q.Reference != "" },
		"a positive amount and the reference of an authorisation", refund, Refunded, RefundRefused},
}

// refusals are the tokens that get no authorisation, with the reason.
var refusals = map[string]string{
	"tok_declined":           "card_declined",
	"tok_insufficient_funds": "insufficient_funds",
}

// authorizing are the tokens that get an authorisation.
var authorizing = map[string]bool{
	tokenOK: true, tokenTimeout: true, tokenSlow: true, tokenCaptureFails: true, tokenRefundFailsOnce: true, tokenChargeback: true,
	tokenRefundReversed: true, tokenSingleCapture: true,
}

const (
	tokenOK              = "tok_ok"
	tokenTimeout         = "tok_timeout"
	tokenSlow            = "tok_slow"
	tokenCaptureFails    = "tok_capture_fails"
	tokenRefundFailsOnce = "tok_refund_fails_once"
	tokenRefundReversed  = "tok_refund_reversed"
	tokenChargeback      = "tok_chargeback"
	tokenSingleCapture   = "tok_single_capture"
)

// namedCard are the tokens of cards with fingerprints of their own. One whose name begins with chargeback is charged back.
var namedCard = regexp.MustCompile(`^tok_card_[a-z0-9_]{1,40}$`)

func isAuthorizing(token string) bool { return authorizing[token] || namedCard.MatchString(token) }

func isChargedBack(token string) bool {
	return token == tokenChargeback || strings.HasPrefix(token, "tok_card_chargeback")
}

// CardOf is the fingerprint of the token's card; "" for a token that stands for no certain card.
func CardOf(token string) string {
	if !namedCard.MatchString(token) {
		return ""
	}
	h := fnv.New64a()
	io.WriteString(h, token)
	return fmt.Sprintf("card_%016x", chance.Mix(h.Sum64()))
}

func authorize(b *book, key string, q Request) []Entry {
	e := Entry{Kind: Authorized, Order: q.Order, Amount: q.Amount, Currency: q.Currency, Attempt: key, Token: known(q.Token),
		Card: CardOf(q.Token)}
	switch {
	case b.byAttempt[key] != nil:
		return refuse(e, Declined, "voided")
	case refusals[q.Token] != "":
		return refuse(e, Declined, refusals[q.Token])
	case !isAuthorizing(q.Token):
		return refuse(e, Declined, "unknown_token")
	}
	e.Part = q.Captures > 1
	e.Reference = fmt.Sprintf("au_%016x", chance.Mix(uint64(len(b.entries)+1)))
	return []Entry{e}
}

// known keeps tokens other than the test tokens out of the book: they might be secrets.
func known(token string) string {
	if isAuthorizing(token) || refusals[token] != "" {
		return token
	}
	return ""
}

func capture(b *book, _ string, q Request) []Entry {
	h, e := b.about(q, Captured)
	switch {
	case h == nil:
		return refuse(e, CaptureRefused, "unknown_reference")
	case h.void:
		return refuse(e, CaptureRefused, "voided")
	case h.captured > 0 && h.open() == 0:
		return refuse(e, CaptureRefused, "already_captured")
	case e.Currency != h.currency:
		return refuse(e, CaptureRefused, "currency_mismatch")
	case e.Amount > h.open():
		return refuse(e, CaptureRefused, "exceeds_authorized")
	case !q.isFinal() && !h.parts:
		return refuse(e, CaptureRefused, "single_capture")
	case h.token == tokenCaptureFails:
		return refuse(e, CaptureRefused, "capture_failed")
	}
	e.Part = !q.isFinal()
	entries := []Entry{e}
	if rest := h.open() - e.Amount; rest > 0 && !e.Part {
		released := e
		released.Kind, released.Amount, released.Code = Voided, rest, notCaptured
		entries = append(entries, released)
	}
	return entries
}

// notCaptured is the code of the entry about what the last capture did not take.
const notCaptured = "not_captured"

func (q Request) isFinal() bool { return q.Final == nil || *q.Final }

// void lets go of what is left of an authorisation, or blocks it before it comes.
func void(b *book, _ string, q Request) []Entry {
	e := Entry{Kind: Voided, Order: q.Order, Attempt: q.Attempt}
	h := b.byAttempt[q.Attempt]
	if h == nil {
		return []Entry{e}
	}
	e.Reference, e.Currency, e.Amount = h.reference, h.currency, h.open()
	if h.order != "" {
		e.Order = h.order
	}
	if h.captured > 0 && h.open() == 0 && !h.void {
		e.Amount = h.captured
		return refuse(e, VoidRefused, "already_captured")
	}
	return []Entry{e}
}

func refund(b *book, _ string, q Request) []Entry {
	h, e := b.about(q, Refunded)
	switch {
	case h == nil:
		return refuse(e, RefundRefused, "unknown_reference")
	case h.captured == 0:
		return refuse(e, RefundRefused, "not_captured")
	case e.Currency != h.currency:
		return refuse(e, RefundRefused, "currency_mismatch")
	case e.Amount > h.left():
		return refuse(e, RefundRefused, "exceeds_captured")
	}
	return []Entry{e}
}

// about finds the authorisation that a request names, and begins an entry for it. A reference of another order is
// unknown.
func (b *book) about(q Request, kind Kind) (*hold, Entry) {
	e := Entry{Kind: kind, Order: q.Order, Amount: q.Amount, Currency: q.Currency, Reference: q.Reference}
	h := b.byReference[q.Reference]
	if h == nil || q.Order != h.order {
		return nil, e
	}
	e.Attempt = h.attempt
	if e.Currency == "" {
		e.Currency = h.currency
	}
	return h, e
}

func refuse(e Entry, kind Kind, code string) []Entry {
	e.Kind, e.Code = kind, code
	return []Entry{e}
}
