package payment_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
)

// till is a gateway, and what it has not said yet: each answer once, each notification up to three times, in any order.
type till struct {
	t       *testing.T
	seed    uint64
	luck    *rand.Rand
	once    bool // an authorisation can be captured only once
	refuses bool
	state   any
	open    []said
	numbers map[string]int

	authorized, captured, voided int64
	isVoid, isFinal              bool
}

func (l *till) stamp(e *saga.Event) {
	l.numbers[e.Type]++
	e.ID = fmt.Sprintf("%s#%d", e.Type, l.numbers[e.Type])
}

func (l *till) do(step saga.Step, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("seed %d: %v", l.seed, err)
	}
	l.state = step.State
	for _, e := range step.Asks {
		l.act(e)
	}
	p := l.state.(payment.Payment)
	if left := l.authorized - l.captured - l.voided; left < 0 || p.Captured > l.captured || p.Captured+p.Voided > p.Amount.Amount {
		l.t.Fatalf("seed %d: of %d %d captured and %d voided: %+v", l.seed, l.authorized, l.captured, l.voided, p)
	}
}

// act does what is asked for, or refuses, and has that to say.
func (l *till) act(e saga.Event) {
	n, answer := payment.Notification{Order: "o"}, any(nil)
	switch d := e.Data.(type) {
	case event.AuthorizationRequestedV1:
		l.authorized = d.Amount.Amount
		n.Kind, n.Attempt, n.Reference, n.Amount, n.Once = payment.NoticeAuthorized, e.ID, "au", d.Amount, l.once
		answer = payment.AuthorizeAnswer{Reference: "au", Once: l.once}
	case event.CaptureRequestedV1:
		if l.isVoid || l.isFinal || l.once && d.ShipmentID != "" || d.Amount.Amount <= 0 {
			l.t.Fatalf("seed %d: asked for %+v", l.seed, d)
		}
		n.Kind, n.Reference, n.Amount, n.Captures = payment.NoticeCaptured, d.Reference, d.Amount, []string{e.ID}
		said := payment.CaptureAnswer{ShipmentID: d.ShipmentID}
		if l.refuses && l.luck.IntN(3) == 0 {
			n.Kind, said.Refused, n.Reason = payment.NoticeCaptureFailed, "expired", "expired"
		} else {
			l.captured += d.Amount.Amount
			if d.ShipmentID == "" {
				l.isFinal, l.voided = true, l.authorized-l.captured
			}
		}
		answer = said
	case event.VoidRequestedV1:
		if l.isFinal {
			l.t.Fatalf("seed %d: asked to void what was captured for good", l.seed)
		}
		n.Kind, n.Attempt, n.Amount = payment.NoticeVoided, d.Attempt, pounds(l.authorized-l.captured-l.voided)
		l.voided, l.isVoid = l.authorized-l.captured, true
		answer = payment.VoidAnswer{Amount: n.Amount.Amount}
	}
	l.open = append(l.open, said{answer: answer, to: e})
	for range l.luck.IntN(4) {
		l.open = append(l.open, said{notice: n})
	}
}

// say says one of the things that there are to say.
func (l *till) say() {
	i := l.luck.IntN(len(l.open))
	s := l.open[i]
	l.open = append(l.open[:i:i], l.open[i+1:]...)
	if s.answer != nil {
		l.do(machine.Answer(l.state, s.to, s.answer, l.stamp))
	} else {
		l.hear(payment.RecordNotification.Of(s.notice))
	}
}

func (l *till) hear(e saga.Event) {
	e.Key = "o"
	l.do(machine.Hear(l.state, e, l.stamp))
}

// goods are those of each of n parcels.
func goods(n int) (all []schemas.Allocation, total int64) {
	for i := range n {
		line := schemas.Allocation{SKU: fmt.Sprint("SKU", i), Quantity: int64(2 + i), UnitPrice: 100, Warehouse: fmt.Sprint("W", i)}
		all, total = append(all, line), total+line.Quantity*line.UnitPrice
	}
	return all, total
}

// live is the life of an order of n parcels: each is packed, perhaps not whole, or cancelled, or both, or the order is cancelled,
// in any order; what the order then does about captures that failed; and all of it twice.
func (l *till) live(n int) (isCancelled bool) {
	lines, total := goods(n)
	l.hear(validated)
	l.hear(inventory.Reserved.Of(inventory.ReservedV1{Lines: lines, Total: pounds(total)}))
	l.hear(cleared)
	for l.state.(payment.Payment).Status != payment.Authorized {
		l.say()
	}
	var heard []saga.Event
	shipment := func(i int) string { return fmt.Sprint("s", i) }
	for i, line := range lines {
		line.Quantity -= int64(l.luck.IntN(2))
		how := l.luck.IntN(4)
		if how > 0 {
			heard = append(heard, warehouse.Packed.Of(warehouse.PackedV1{ShipmentID: shipment(i), Lines: []schemas.Allocation{line},
				Parcel: &schemas.Parcel{Number: int64(i + 1), Of: int64(n)}}))
		}
		if how < 2 {
			heard = append(heard, order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: shipment(i)}))
		}
	}
	if isCancelled = l.luck.IntN(3) == 0; isCancelled {
		heard = append(heard, cancelled)
	}
	heard = append(heard, heard...)
	l.luck.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
	for len(heard) > 0 || len(l.open) > 0 {
		if len(l.open) > 0 && (len(heard) == 0 || l.luck.IntN(2) == 0) {
			l.say()
			continue
		}
		l.hear(heard[0])
		heard = heard[1:]
	}
	p := l.state.(payment.Payment)
	for _, part := range p.Parts {
		if part.Status == payment.PartRefused {
			l.hear(order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: part.ShipmentID}))
		}
	}
	if p.Status == payment.CaptureFailed {
		l.hear(cancelled)
	}
	for len(l.open) > 0 {
		l.say()
	}
	return isCancelled
}

func TestOfSeveralParcelsAllThatIsAuthorisedIsCapturedOrVoidedWhateverIsHeardInWhateverOrder(t *testing.T) {
	t.Parallel()
	partly, refused, once := 0, 0, 0
	for seed := range uint64(6000) {
		l := &till{t: t, seed: seed, luck: rand.New(rand.NewPCG(seed, 7)), once: seed%4 == 1, refuses: seed%3 == 0,
			state: machine.Blank("o"), numbers: map[string]int{}}
		isCancelled := l.live(2 + int(seed%3))
		p := l.state.(payment.Payment)
		released := p.Voided
		if p.Status == payment.Captured {
			released = p.Amount.Amount - p.Captured
		}
		if l.captured+l.voided != l.authorized || p.Captured != l.captured || released != l.voided || p.Asks() ||
			p.Status != payment.Captured && p.Status != payment.Voided {
			t.Fatalf("seed %d: %d authorised, %d captured, %d voided, and\n%+v", seed, l.authorized, l.captured, l.voided, p)
		}
		if isCancelled && l.captured > 0 && l.isVoid {
			partly++
		}
		if l.numbers[event.CaptureFailed.Name()] > 0 {
			refused++
		}
		if l.isFinal {
			once++
		}
	}
	if partly < 100 || refused < 100 || once < 100 {
		t.Errorf("%d cancelled after some captures, %d with captures refused, %d captured once: that is too few to tell", partly,
			refused, once)
	}
}
