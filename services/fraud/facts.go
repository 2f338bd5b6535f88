package fraud

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
)

// The kinds of subjects: what orders may have in common.
const (
	Customer   = "customer"
	Card       = "card"
	Address    = "address"
	MailDomain = "mail_domain"
)

// Kinds lists them.
var Kinds = []string{Customer, Card, Address, MailDomain}

// Facts are all that rules know of an order.
type Facts struct {
	Order       event.FactsV1              `json:"order"`
	CardWindows []int64                    `json:"card_windows,omitempty"` // that the rules ask for
	CardCountry string                     `json:"card_country,omitempty"`
	Histories   map[string]event.HistoryV1 `json:"histories,omitempty"` // by kind of subject
}

// With adds the history of a subject, in a copy.
func (f Facts) With(kind string, h event.HistoryV1) Facts {
	histories := map[string]event.HistoryV1{kind: h}
	for k, other := range f.Histories {
		if k != kind {
			histories[k] = other
		}
	}
	f.Histories = histories
	return f
}

// FactsOf are the facts of an order by itself.
func FactsOf(o order.ValidatedV1) Facts {
	f := event.FactsV1{Amount: o.Total.Amount, Currency: o.Total.Currency, Lines: int64(len(o.Lines)), Country: o.ShipTo.Country,
		MailDomain: mailDomain(o.Email), Token: o.PaymentToken}
	for _, l := range o.Lines {
		f.Pieces += l.Quantity
		f.LargestLine = max(f.LargestLine, l.Quantity)
	}
	return Facts{Order: f}
}

// SubjectsOf are the subjects of an order, but for its card.
func SubjectsOf(o order.ValidatedV1) []string {
	subjects := []string{SubjectKey(Customer, o.CustomerID), SubjectKey(Address, addressHash(o))}
	if d := mailDomain(o.Email); d != "" {
		subjects = append(subjects, SubjectKey(MailDomain, d))
	}
	return subjects
}

// SubjectKey is the key of a subject.
func SubjectKey(kind, name string) string { return kind + ":" + name }

// KindOf is the kind of a subject.
func KindOf(subject string) string {
	kind, _, _ := strings.Cut(subject, ":")
	return kind
}

// addressHash is equal for spellings of one address; names do not matter. The hash is personal
// too: it confirms a guessed address.
func addressHash(o order.ValidatedV1) string {
	a := o.ShipTo
	var text strings.Builder
	for _, part := range []string{a.Line1, a.Line2, a.City, a.Postcode, a.Country} {
		for _, r := range strings.ToLower(part) {
			if r != ' ' && r != '.' && r != ',' && r != '-' {
				text.WriteRune(r)
			}
		}
		text.WriteByte(0)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:12])
}

// mailDomain is the text after the last @, normalised for comparison.
func mailDomain(email string) string {
	domain := email[strings.LastIndexByte(email, '@')+1:]
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
}
