package tracker

import (
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/storefront"
)

// understand reads the few payloads that the index needs.
func (x *Index) understand(s *story, k *kind, r *Record, e entry) {
	switch k.name {
	case begins.Name():
		if s.began == 0 {
			s.began = e.at
			x.history.at(e.at, func(f *figures) { f.began++ })
			if d, err := begins.Decode(r.Data); err == nil {
				x.basket(s, d.(storefront.OrderPlacedV1))
			}
			x.list(s)
			x.tellBegun(s)
		}
	case status.Name():
		d, err := status.Decode(r.Data)
		if err != nil || e.sequence < s.told {
			return
		}
		now := d.(order.StatusChangedV1)
		if s.answered == 0 && now.Status != beforeFirstStatus {
			s.answered, s.answer = e.at, x.word(now.Status)
			x.tellAnswered(s)
		}
		s.told, s.status, s.reason = e.sequence, x.word(now.Status), x.word(now.Reason)
		switch {
		case !now.Final:
			if s.ended != 0 {
				x.history.at(e.at, func(f *figures) { f.reopened++ })
			}
			s.ended = 0
		case s.ended == 0:
			s.ended = e.at
			x.history.at(e.at, func(f *figures) { f.ended++ })
			x.tellEnded(s)
		}
	case cancelled.Name():
		if d, err := cancelled.Decode(r.Data); err == nil {
			reason := d.(order.CancelledV1).Reason
			x.history.at(e.at, func(f *figures) { f.cancelled(reason) })
			if x.Cancelled != nil {
				x.Cancelled(reason)
			}
		}
	case confirmed.Name():
		s.confirmed = e.at
		x.timeConfirmed(s)
	case payment.Captured.Name(), refund.Issued.Name():
		if k.payload != nil {
			if d, err := k.payload.Decode(r.Data); err == nil {
				x.history.count(e.at, d)
			}
		}
	}
	if tell := x.Told[k.name]; tell != nil && k.payload != nil {
		if d, err := k.payload.Decode(r.Data); err == nil {
			tell(d)
		}
	}
}

// tellBegun calls the callbacks for a saga that has begun, and for its events read before: topics are read in any order.
func (x *Index) tellBegun(s *story) {
	if x.Began != nil {
		x.Began()
	}
	if s.answered != 0 {
		x.tellAnswered(s)
	}
	x.timeConfirmed(s)
	if s.ended != 0 {
		x.tellEnded(s)
	}
}

func (x *Index) tellAnswered(s *story) {
	if x.Answered != nil && s.began != 0 {
		x.Answered(s.id, x.words[s.answer], time.Duration(s.answered-s.began))
	}
}

// timeConfirmed notes how long a saga took to its confirmation, once both its ends are known.
func (x *Index) timeConfirmed(s *story) {
	if s.began != 0 && s.confirmed != 0 {
		x.history.at(s.confirmed, func(f *figures) { f.confirming.add(s.confirmed - s.began) })
	}
}

func (x *Index) tellEnded(s *story) {
	if s.began != 0 {
		x.history.at(s.ended, func(f *figures) { f.ending.add(s.ended - s.began) })
	}
	if x.Ended != nil && s.began != 0 {
		x.Ended(s.id, x.words[s.status], time.Duration(s.ended-s.began))
	}
}
