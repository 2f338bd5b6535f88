package order

import (
	"fmt"
	"regexp"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// The limits of one order.
const (
	MaxLines    = schemas.MaxLines
	MaxQuantity = schemas.MaxQuantity
	MaxTotal    = schemas.MaxTotal
)

var currency = regexp.MustCompile(`^[A-Z]{3}$`)

// validate accepts the order, or rejects it before any step begins.
func validate(o Order, e storefront.OrderPlacedV1) []saga.Event {
	if o.Status != "" {
		return nil
	}
	if reason, detail := fault(e); reason != "" {
		return []saga.Event{
			event.Rejected.Of(event.RejectedV1{Reason: reason, Detail: detail}),
			say(Rejected, reason, "We cannot carry out this order: "+detail+".", nil),
		}
	}
	return []saga.Event{event.Validated.Of(event.ValidatedV1{CustomerID: e.CustomerID, Lines: e.Lines,
		Total: e.Total, ShipTo: e.ShipTo, Email: e.Email, PaymentToken: e.PaymentToken, FillPolicy: e.FillPolicy,
		Backorder: e.Backorder})}
}

// fault is the first fault of an order, as a stable word and as a text that repeats nothing personal.
func fault(e storefront.OrderPlacedV1) (reason, detail string) {
	if reason, detail = linesFault(e.Lines); reason != "" {
		return reason, detail
	}
	switch sum := schemas.Total(e.Lines); {
	case !currency.MatchString(e.Total.Currency):
		return "invalid_currency", "its currency is not three capital letters"
	case sum != e.Total.Amount:
		return "total_mismatch", fmt.Sprintf("its lines cost %s together, not %s",
			amount(schemas.Money{Amount: sum, Currency: e.Total.Currency}), amount(e.Total))
	case sum == 0:
		return "nothing_to_pay", "there is nothing to pay"
	case sum > MaxTotal:
		return "total_too_high", fmt.Sprintf("it costs more than %s",
			amount(schemas.Money{Amount: MaxTotal, Currency: e.Total.Currency}))
	}
	switch at := strings.LastIndexByte(e.Email, '@'); {
	case e.CustomerID == "":
		return "missing_customer", "it does not say whose it is"
	case blank(e.ShipTo.Name), blank(e.ShipTo.Line1), blank(e.ShipTo.City), blank(e.ShipTo.Postcode):
		return "incomplete_address", "its address lacks the name, the first line, the city or the postcode"
	case !schemas.KnownCountry(e.ShipTo.Country):
		return "unknown_country", "its country is not an ISO 3166-1 code of two letters"
	case at < 1 || at == len(e.Email)-1 || strings.ContainsAny(e.Email, " \t\r\n"):
		return "invalid_email", "it lacks a usable e-mail address"
	case blank(e.PaymentToken):
		return "missing_payment_token", "it lacks a payment token"
	}
	if to := e.ShipTo; strings.Contains(to.Name+to.Line1+to.Line2+to.City+to.Postcode+e.Email+e.PaymentToken+e.CustomerID, "\x00") {
		return "invalid_text", "a text in it has a character that cannot be stored"
	}
	if b := e.Backorder; b != nil && (len(b.SKUs) == 0 || giveUpAt(b.Until).IsZero()) {
		return "invalid_backorder", "it does not say what to wait for, or until when"
	}
	switch e.FillPolicy {
	case "fill_all", "fill_or_kill", "fill_available":
		return "", ""
	}
	return "unknown_fill_policy", "its fill policy is none of fill_all, fill_or_kill and fill_available"
}

// linesFault bounds quantities and prices, so that no sum of them can overflow.
func linesFault(lines []schemas.Line) (reason, detail string) {
	switch {
	case len(lines) == 0:
		return "no_lines", "it orders nothing"
	case len(lines) > MaxLines:
		return "too_many_lines", fmt.Sprintf("it has %d lines; at most %d are possible", len(lines), MaxLines)
	}
	seen := make(map[string]int, len(lines))
	for i, l := range lines {
		at := fmt.Sprintf("line %d", i+1)
		switch first := seen[l.SKU]; {
		case blank(l.SKU), strings.Contains(l.SKU, "\x00"):
			return "missing_sku", at + " names no product"
		case first > 0:
			return "duplicate_sku", fmt.Sprintf("%s orders the same product as line %d", at, first)
		case l.Quantity < 1, l.Quantity > MaxQuantity:
			return "invalid_quantity", fmt.Sprintf("%s orders %d pieces; 1 to %d are possible", at, l.Quantity, MaxQuantity)
		case l.UnitPrice < 0:
			return "invalid_price", at + " has a price below zero"
		case l.UnitPrice > MaxTotal:
			return "total_too_high", at + " alone costs more than an order may"
		}
		seen[l.SKU] = i + 1
	}
	return "", ""
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
