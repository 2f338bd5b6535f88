package gateway

import (
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/platform/world/chance"
	"orderflow.example/shared/database"
)

// Kind is the kind of an entry of the book.
type Kind string

const (
	Authorized     Kind = "authorized"
	Declined       Kind = "declined"
	Captured       Kind = "captured"
	CaptureRefused Kind = "capture_refused"
	Voided         Kind = "voided"
	VoidRefused    Kind = "void_refused"
	Refunded       Kind = "refunded"
	RefundRefused  Kind = "refund_refused"

	// What the gateway does by itself:
	RefundReversed     Kind = "refund_reversed" // the refund did not arrive; the shop has the amount back
	ChargedBack        Kind = "charged_back"    // a dispute was opened; the amount is taken from the shop
	ChargebackReversed Kind = "chargeback_reversed"
	DisputeLost        Kind = "dispute_lost" // nothing moves
)

// Entry is one entry of the gateway's book, which is append-only. All state of the gateway follows from it, the answers
// to repeated requests included.
type Entry struct {
	Seq         int64     `json:"seq" gorm:"primaryKey;autoIncrement:false"`
	At          time.Time `json:"at"`
	Order       string    `json:"order" gorm:"column:order_id"`
	Key         string    `json:"key,omitempty"` // the idempotency key; none for what the gateway did by itself
	Kind        Kind      `json:"kind"`
	Amount      int64     `json:"amount"` // minor units: what was moved, or what was refused
	Currency    string    `json:"currency"`
	Reference   string    `json:"reference"`         // the authorisation it belongs to
	Attempt     string    `json:"attempt,omitempty"` // the idempotency key of that authorisation
	Token       string    `json:"token,omitempty"`
	Code        string    `json:"code,omitempty"`  // why it was refused
	About       string    `json:"about,omitempty"` // the dispute, or the key of the refund that did not arrive
	Card        string    `json:"card,omitempty"`  // the card's fingerprint
	Fee         int64     `json:"fee,omitempty"`   // of a dispute, in minor units; kept, however it ends
	Part        bool      `json:"part,omitempty"`  // a capture that left the rest authorised; an authorisation that asked for such
	Fingerprint string    `json:"-"`               // of the request
}

// IsOnce tells whether it is an authorisation that was asked to allow several captures and allows one.
func (e Entry) IsOnce() bool { return e.Kind == Authorized && e.Part && e.Token == tokenSingleCapture }

// TableName names the table for gorm.
func (Entry) TableName() string { return "gateway_book" }

// hold is the state of one authorisation's money.
type hold struct {
	order, attempt, reference, token, currency string

	authorized, captured, released, refunded, charged int64

	void     bool
	parts    bool   // captures may leave the rest authorised
	card     string // its fingerprint
	dispute  string // the one that was opened
	over     bool   // it has ended
	refunds  []Entry
	reversed map[string]bool // refunds that did not arrive, by key
}

// left is what can still be refunded or disputed.
func (h *hold) left() int64 { return h.captured - h.refunded - h.charged }

func (h *hold) open() int64 { return h.authorized - h.captured - h.released }

// book holds the entries and their indexes.
type book struct {
	entries []Entry
	saved   int

	byKey       map[string]int   // index of the entry
	byOrder     map[string][]int // indices of the entries
	byAttempt   map[string]*hold // also those voided before they came
	byReference map[string]*hold
	luck        chance.Chance
	plans       []plan // what the gateway will do by itself
}

var table = database.NewTable[Entry]()

// page is the page size when the book is loaded.
const page = 20000

// Load reads the book; see journal.State.
func (b *book) Load(tx *gorm.DB) error {
	*b = book{luck: b.luck, byKey: map[string]int{}, byOrder: map[string][]int{}, byAttempt: map[string]*hold{},
		byReference: map[string]*hold{}}
	for {
		entries, err := table.Select(tx, "WHERE seq > $1 ORDER BY seq LIMIT $2", len(b.entries), page)
		if err != nil {
			return err
		}
		for _, e := range entries {
			b.add(e)
		}
		b.saved = len(b.entries)
		if len(entries) < page {
			return nil
		}
	}
}

// Save writes the new entries; see journal.State.
func (b *book) Save(tx *gorm.DB) error {
	unsaved := b.entries[b.saved:]
	b.saved = len(b.entries)
	return table.Insert(tx, unsaved)
}

// Changed reports whether there are new entries.
func (b *book) Changed() bool { return b.saved < len(b.entries) }

// add appends the entry and updates the indexes.
func (b *book) add(e Entry) {
	i := len(b.entries)
	b.entries = append(b.entries, e)
	b.byOrder[e.Order] = append(b.byOrder[e.Order], i)
	if e.Key != "" {
		b.byKey[e.Key] = i
	}
	switch e.Kind {
	case Authorized:
		h := &hold{order: e.Order, attempt: e.Attempt, reference: e.Reference, token: e.Token, currency: e.Currency,
			authorized: e.Amount, card: e.Card, parts: e.Part && !e.IsOnce()}
		h.reversed = map[string]bool{}
		b.byAttempt[e.Attempt], b.byReference[e.Reference] = h, h
	case Captured:
		b.byReference[e.Reference].captured += e.Amount
	case Refunded:
		h := b.byReference[e.Reference]
		h.refunded += e.Amount
		h.refunds = append(h.refunds, e)
	case RefundReversed:
		h := b.byReference[e.Reference]
		h.refunded -= e.Amount
		h.reversed[e.About] = true
	case ChargedBack:
		h := b.byReference[e.Reference]
		h.charged, h.dispute = e.Amount, e.About
	case ChargebackReversed:
		h := b.byReference[e.Reference]
		h.charged, h.over = 0, true
	case DisputeLost:
		b.byReference[e.Reference].over = true
	case Voided:
		h := b.byAttempt[e.Attempt]
		if h == nil {
			h = &hold{attempt: e.Attempt}
			b.byAttempt[e.Attempt] = h
		}
		h.released += e.Amount
		h.void = h.void || e.Code != notCaptured
	}
	b.plan(e)
}

// before returns the entries about the authorisation of an entry that were made before it.
func (b *book) before(e Entry) (found []Entry) {
	for _, i := range b.byOrder[e.Order] {
		if o := b.entries[i]; o.Seq < e.Seq && o.Attempt == e.Attempt {
			found = append(found, o)
		}
	}
	return found
}

// read returns at most limit entries after the sequence number, of one order or of all.
func (b *book) read(order string, after int64, limit int) []Entry {
	start := int(min(after, int64(len(b.entries))))
	found := []Entry{}
	if order == "" {
		return append(found, b.entries[start:min(start+limit, len(b.entries))]...)
	}
	for _, i := range b.byOrder[order] {
		if i >= start && len(found) < limit {
			found = append(found, b.entries[i])
		}
	}
	return found
}
