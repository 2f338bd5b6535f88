package notification

import (
	"cmp"
	"slices"
	"time"

	event "orderflow.example/schemas/notification"
)

// Entry is a message in a customer's inbox. Its events come from several partitions, in any order.
type Entry struct {
	ID         string
	CustomerID string // empty until it is posted
	At         time.Time
	Message    event.Message   // of a promotion only its kind
	Promotion  string          // the id of a promotion, whose text is its own
	Locale     string          // in which it is sent; empty where it is in the inbox alone
	Steps      []DeliveryState // of its deliveries, sorted
}

// DeliveryState is a step of the message by one channel.
type DeliveryState struct {
	Channel string `json:"channel"`
	State   string `json:"state"` // requested, sent or failed
	Reason  string `json:"reason,omitempty"`
}

// BlankEntry is a message without events.
func BlankEntry(id string) Entry { return Entry{ID: id} }

// OfferID is the id of a promotion as a message to this customer.
func OfferID(e event.PromotionOfferedV1) string {
	return "promotion:" + e.PromotionID + ":" + e.CustomerID
}

func posted(m Entry, e event.PostedV1, at time.Time) Entry {
	if m.since(at) {
		m.CustomerID, m.At, m.Message = e.CustomerID, kept(at), e.Message
	}
	return m
}

func offered(m Entry, e event.PromotionOfferedV1, at time.Time) Entry {
	if m.since(at) {
		m.CustomerID, m.At, m.Promotion, m.Locale = e.CustomerID, kept(at), e.PromotionID, e.Locale
		m.Message = event.Message{ID: m.ID, Kind: Promoted}
	}
	return m
}

// since tells whether the message was not in the inbox before.
func (m Entry) since(at time.Time) bool { return m.CustomerID == "" || kept(at).Before(m.At) }

func requested(m Entry, e event.RequestedV1, _ time.Time) Entry {
	m.Locale = max(m.Locale, e.Locale) // all channels are requested in the same one, and come in any order
	return m.with(DeliveryState{Channel: e.Channel, State: "requested"})
}

func sent(m Entry, e event.SentV1, _ time.Time) Entry {
	return m.with(DeliveryState{Channel: e.Channel, State: DeliverySent})
}

func failed(m Entry, e event.FailedV1, _ time.Time) Entry {
	return m.with(DeliveryState{Channel: e.Channel, State: "failed", Reason: e.Reason})
}

func compare(a, b DeliveryState) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason))
}

// with adds a step of a delivery, in whatever order they come.
func (m Entry) with(d DeliveryState) Entry {
	at, known := slices.BinarySearchFunc(m.Steps, d, compare)
	if !known {
		m.Steps = slices.Insert(slices.Clone(m.Steps), at, d)
	}
	return m
}

// Deliveries is how far the message got by each channel.
func (m Entry) Deliveries() []DeliveryState {
	all := []DeliveryState{}
	for _, d := range m.Steps { // failed, requested, sent
		if last := len(all) - 1; last < 0 || all[last].Channel != d.Channel {
			all = append(all, d)
		} else if d.State == DeliverySent {
			all[last] = d
		}
	}
	return all
}

// kept truncates a time to the precision that rows keep.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
