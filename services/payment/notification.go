package payment

import (
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
)

// Notification is what the gateway notifies of by a webhook, whatever the gateway. Its events may come late, more than once, in
// any order, and before the answer of the call that they are about.
type Notification struct {
	ID        string // the gateway's id of the notification
	Kind      Notice
	Order     string
	Attempt   string        // authorized, declined, voided: the id of the event that asked for the authorisation
	Reference string        // the authorisation
	Amount    schemas.Money // what moved, or is disputed; with several captures the sum of them
	Reason    string        // declined, capture_failed, refund_reversed and disputes: why, in the gateway's words
	RefundID  string        // refunded, refund_failed and refund_reversed: the id of the event that asked for the refund
	DisputeID string        // disputes
	Fee       *schemas.Money
	Card      string // disputes: the card's fingerprint

	// captured and capture_failed: the ids of the events that asked, where the gateway tells, perhaps of all captures so far.
	Captures []string `json:",omitempty"`
	Once     bool     `json:",omitempty"` // authorized: several captures were asked for, and there can be only one
}

// Notice is the kind of a notification.
type Notice string

const (
	NoticeAuthorized     Notice = "authorized"
	NoticeDeclined       Notice = "declined"
	NoticeCaptured       Notice = "captured"
	NoticeCaptureFailed  Notice = "capture_failed"
	NoticeVoided         Notice = "voided"
	NoticeRefunded       Notice = "refunded"
	NoticeRefundFailed   Notice = "refund_failed"
	NoticeRefundReversed Notice = "refund_reversed"
	NoticeDisputeOpened  Notice = "dispute_opened"
	NoticeDisputeWon     Notice = "dispute_won"
	NoticeDisputeLost    Notice = "dispute_lost"
)

// RecordNotification is the command by which a notification enters the log of payment events.
var RecordNotification = saga.Command[Notification]("record_notification")

// record decides on a notification as on the answer of the call that it is about. Only disputes and refunds that came back have
// no call.
func record(p Payment, n Notification) []saga.Event {
	if Ignored(p, n) != "" {
		return nil
	}
	switch n.Kind {
	case NoticeAuthorized:
		return authorizeAnswered(p, AuthorizeAnswer{Reference: n.Reference, Once: n.Once})
	case NoticeDeclined:
		return authorizeAnswered(p, AuthorizeAnswer{Refused: n.Reason})
	case NoticeCaptured:
		return capturesAnswered(p, n, "")
	case NoticeCaptureFailed:
		return capturesAnswered(p, n, n.Reason)
	case NoticeVoided:
		return voidAnswered(p, VoidAnswer{Amount: n.Amount.Amount})
	case NoticeRefundReversed:
		return []saga.Event{event.RefundReversed.Of(event.RefundReversedV1{
			RefundID: n.RefundID, Reference: n.Reference, Amount: n.Amount, Reason: n.Reason})}
	}
	return disputed(p, n)
}

// capturesAnswered decides on each capture that is notified of and not settled.
func capturesAnswered(p Payment, n Notification, refused string) (events []saga.Event) {
	for _, c := range p.about(n) {
		for _, e := range captureAnswered(p, CaptureAnswer{ShipmentID: c.ShipmentID, Refused: refused}) {
			p, events = Evolve(p, e), append(events, e)
		}
	}
	return events
}

// about are the captures that are notified of: that of all of the order, of which there is one, or those with these ids. Nil if
// one of them is not known.
func (p Payment) about(n Notification) (parts []Part) {
	if p.Asked > 0 {
		whole := p.part("")
		whole.Amount = p.Asked
		return []Part{whole}
	}
	for _, c := range p.Parts {
		if c.ID != "" && slices.Contains(n.Captures, c.ID) {
			parts = append(parts, c)
		}
	}
	if len(parts) < len(n.Captures) {
		return nil
	}
	return parts
}

// disputed records how far a dispute has come. One that is over was opened before, whether that was heard of or not.
func disputed(p Payment, n Notification) (events []saga.Event) {
	if p.dispute(n.DisputeID).Status == "" {
		events = append(events, event.ChargedBack.Of(event.ChargedBackV1{DisputeID: n.DisputeID, Reference: n.Reference,
			Amount: n.Amount, Fee: n.Fee, Reason: n.Reason, Card: n.Card}))
	}
	switch n.Kind {
	case NoticeDisputeWon:
		events = append(events, event.ChargebackReversed.Of(event.ChargebackReversedV1{
			DisputeID: n.DisputeID, Reference: n.Reference, Amount: n.Amount}))
	case NoticeDisputeLost:
		events = append(events, event.DisputeLost.Of(event.DisputeLostV1{
			DisputeID: n.DisputeID, Reference: n.Reference, Amount: n.Amount}))
	}
	return events
}

// Why a notification changes nothing.
const (
	IgnoredUnknownType    = "unknown_type"    // the gateway's word for it is not known
	IgnoredUnknownOrder   = "unknown_order"   // nothing was asked for the order, if there is one
	IgnoredOtherReference = "other_reference" // it is about another authorisation than the order's, or about no dispute or refund
	IgnoredOtherCurrency  = "other_currency"  // the order is not in this currency
	IgnoredOtherAmount    = "other_amount"    // not the amount asked for, or more than was captured
	IgnoredSettled        = "settled"         // it was answered, notified of or given up before
	IgnoredNoted          = "noted"           // who asked learns of it from the answer, and this does not tell enough
)

// Ignored is why the notification changes nothing in this state; "" where it does.
func Ignored(p Payment, n Notification) string {
	switch n.Kind {
	case NoticeAuthorized, NoticeDeclined, NoticeCaptured, NoticeCaptureFailed, NoticeVoided, NoticeRefunded, NoticeRefundFailed,
		NoticeRefundReversed, NoticeDisputeOpened, NoticeDisputeWon, NoticeDisputeLost:
	default:
		return IgnoredUnknownType
	}
	switch {
	case p.Attempt == "":
		return IgnoredUnknownOrder
	case !p.isAbout(n):
		return IgnoredOtherReference
	case n.Amount.Amount > 0 && n.Amount.Currency != p.Amount.Currency:
		return IgnoredOtherCurrency
	}
	amount := n.Amount.Amount
	switch n.Kind {
	case NoticeAuthorized:
		return either(amount != p.Amount.Amount, p.Status != Authorizing)
	case NoticeDeclined:
		return either(false, p.Status != Authorizing)
	case NoticeCaptured, NoticeCaptureFailed:
		var sum int64
		settled := true
		for _, c := range p.about(n) {
			sum += c.Amount
			settled = settled && c.Status != PartAsked
		}
		if len(n.Captures) == 0 && p.Asked == 0 && len(p.Parts) > 0 {
			return IgnoredNoted // of which parcel it is does not show
		}
		return either(n.Kind == NoticeCaptured && amount != sum, settled)
	case NoticeVoided:
		return either(amount < 0 || amount > p.Open(), p.Status != Voiding)
	case NoticeRefundReversed:
		return either(amount <= 0 || amount > p.taken(), slices.Contains(p.Reversed, n.RefundID))
	case NoticeDisputeOpened, NoticeDisputeWon, NoticeDisputeLost:
		if d := p.dispute(n.DisputeID); d.Status != "" {
			return either(amount != d.Amount, d.Status != DisputeOpen || n.Kind == NoticeDisputeOpened)
		}
		return either(amount <= 0 || amount > p.taken()-p.ChargedBack(), false)
	}
	return IgnoredNoted
}

// isAbout tells whether the notification is about the authorisation of this payment, and names its dispute or refund. Before the
// authorisation is known only the attempt names it.
func (p Payment) isAbout(n Notification) bool {
	switch n.Kind {
	case NoticeAuthorized:
		return n.Attempt == p.Attempt && n.Reference != "" && (p.Reference == "" || n.Reference == p.Reference)
	case NoticeDeclined, NoticeVoided:
		return n.Attempt == p.Attempt
	case NoticeRefundReversed:
		return n.Reference == p.Reference && n.Reference != "" && n.RefundID != ""
	case NoticeDisputeOpened, NoticeDisputeWon, NoticeDisputeLost:
		return n.Reference == p.Reference && n.Reference != "" && n.DisputeID != ""
	case NoticeCaptured, NoticeCaptureFailed:
		return n.Reference == p.Reference && n.Reference != "" && (len(n.Captures) == 0 || p.about(n) != nil)
	}
	return n.Reference == p.Reference && n.Reference != ""
}

// taken is what the gateway has captured, or may have: it notifies of a dispute perhaps before its answer to the capture.
func (p Payment) taken() int64 {
	taken := p.Captured
	for _, c := range append([]Part{p.part("")}, p.Parts...) {
		if c.Status == PartAsked {
			taken += c.Amount
		}
	}
	return taken
}

func either(otherAmount, settled bool) string {
	switch {
	case settled:
		return IgnoredSettled
	case otherAmount:
		return IgnoredOtherAmount
	}
	return ""
}
