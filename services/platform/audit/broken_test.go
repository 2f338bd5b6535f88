package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	orderevent "orderflow.example/schemas/order"
	paymentevent "orderflow.example/schemas/payment"
	"orderflow.example/services/inventory"
	"orderflow.example/services/invoice"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/services/refund"
	"orderflow.example/shared/kafka"
)

// change replaces the row of a key.
func change[S any](p *picture, service, key string, fn func(*S)) {
	live := p.services[service].live[0]
	s := live[key].(S)
	fn(&s)
	live[key] = s
}

func (p *picture) topics() topics { return p.Kafka.(topics) }

// partitionOf is where the events of a service about a key are.
func partitionOf(service, key string) place {
	return place{service + ".events", kafka.PartitionOf(key, partitions)}
}

func TestWhateverIsBrokenIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(t *testing.T, p *picture)
		broken string // the checks, sorted
		named  string // the id
		says   string // part of the text
	}{
		"a captured amount in payment": {
			func(_ *testing.T, p *picture) {
				change(p, "payment", "completes", func(s *payment.Payment) { s.Captured -= 100 })
			}, "agreement replay", "completes", "Captured is 950 in the row, 1050 by the topics"},
		"a refunded amount in refund": {
			func(_ *testing.T, p *picture) {
				change(p, "refund", "lost", func(s *refund.Refund) { s.Refunded++ })
			}, "agreement replay", "lost", "refund has given back 10.51 GBP, the gateway's book says 10.50 GBP"},
		"an invoice of another amount": {
			func(_ *testing.T, p *picture) {
				change(p, "invoice", "completes", func(s *invoice.Invoice) {
					issued := *s.Issued
					issued.Amount.Amount--
					s.Issued = &issued
				})
			}, "invoices replay", "completes", "its invoice is over 10.49 GBP, and 10.50 GBP were captured"},
		"a credit note of another amount": {
			func(_ *testing.T, p *picture) {
				change(p, "invoice", "lost", func(s *invoice.Invoice) {
					s.CreditNotes = slices.Clone(s.CreditNotes)
					s.CreditNotes[0].Amount.Amount--
				})
			}, "invoices replay", "lost", "its credit notes are over 10.49 GBP, and 10.50 GBP are given back"},
		"an invoice with the number of another": {
			func(_ *testing.T, p *picture) {
				other := p.services["invoice"].live[0]["completes"].(invoice.Invoice).Issued.Number
				change(p, "invoice", "lost", func(s *invoice.Invoice) {
					issued := *s.Issued
					issued.Number = other
					s.Issued = &issued
				})
			}, "numbers replay", "lost", "is also that of order completes"},
		"a number that no invoice has": {
			func(_ *testing.T, p *picture) {
				change(p, "invoice", "lost", func(s *invoice.Invoice) {
					issued := *s.Issued
					issued.Number = issued.Number[:len(issued.Number)-len("000001")] + "000099"
					s.Issued = &issued
				})
			}, "numbers replay", "INV-", "no document has this number, and the last is 99"},
		"pieces on a shelf": {
			func(_ *testing.T, p *picture) {
				change(p, "inventory", "stock tea at leeds", func(s *inventory.Shelf) { s.OnHand++ })
			}, "replay stock", "tea at leeds", "pieces are on hand"},
		"a movement that is not in the books": {
			func(_ *testing.T, p *picture) {
				change(p, "inventory", "stock tea at leeds", func(s *inventory.Shelf) { s.Sum-- })
			}, "replay stock", "tea at leeds", "its movements add up to"},
		"pieces reserved": {
			func(_ *testing.T, p *picture) {
				change(p, "inventory", "stock tea at leeds", func(s *inventory.Shelf) { s.Reserved++ })
			}, "replay reservations", "tea at leeds", "1 pieces are reserved; orders hold 0"},
		"a reservation left behind": {
			func(_ *testing.T, p *picture) {
				change(p, "inventory", "order wants-out", func(s *inventory.Reservation) {
					s.Status, s.Lines = inventory.Reserved, []schemas.Allocation{{SKU: "mug", Quantity: 1, Warehouse: "leeds"}}
				})
			}, "replay reservations", "wants-out", "1 pieces are still reserved for it"},
		"an order the order service lost": {
			func(_ *testing.T, p *picture) { delete(p.services["order"].live[0], "completes") },
			"replay sagas", "completes", "the order service does not know it"},
		"an order nobody placed": {
			func(_ *testing.T, p *picture) {
				p.services["order"].live[0]["ghost"] = order.Order{ID: "ghost", Status: order.Completed, Total: pounds(0)}
			}, "replay sagas", "ghost", "nobody placed it"},
		"an order that stands still": {
			func(_ *testing.T, p *picture) {
				change(p, "order", "completes", func(s *order.Order) { s.Status = order.Shipped })
			}, "ends replay", "completes", "it is shipped, and nothing is due"},
		"a parked saga": {
			func(_ *testing.T, p *picture) {
				p.services["payment"].park(parked{key: "completes", form: "answer", kind: "payment.capture_requested.v1", id: "x",
					reason: "panic: no\nstack"})
			}, "parked", "completes", "parked in payment with 1 events; payment.capture_requested.v1: panic: no"},
		"an amount on a topic": {
			func(t *testing.T, p *picture) {
				r := p.topics().record(t, paymentevent.Captured, "completes")
				r.Data = []byte(strings.Replace(string(r.Data), "1050", "1060", 1))
			}, "replay topics", "completes", "payment.captured.v1"},
		"a lost end of a topic": {
			func(_ *testing.T, p *picture) {
				at := partitionOf("payment", "completes")
				p.topics()[at] = p.topics()[at][:1]
			}, "replay topics watermarks", "payment.events/", "the topic ends at number 1"},
		"a hole in a topic": {
			func(_ *testing.T, p *picture) {
				at := partitionOf("catalog", "tea")
				p.topics()[at] = p.topics()[at][1:]
			}, "replay topics watermarks", "catalog.events/", "though 1 are committed"},
		"a row of an outbox": {
			func(_ *testing.T, p *picture) {
				s, n := p.services["payment"], partitionOf("payment", "completes").partition
				s.outbox[n] = s.outbox[n][:len(s.outbox[n])-1]
			}, "topics", "payment.events/", "the outbox holds"},
		"a checkpoint beyond what was numbered": {
			func(_ *testing.T, p *picture) { p.services["payment"].published[0] = mark{sequence: 1000} },
			"topics", "payment.events/0", "number 1000 is noted as published"},
		"a partition too few": {
			func(_ *testing.T, p *picture) { p.Partitions = partitions + 1 },
			"topics", "payment.events", "numbers 4 partitions, not 5"},
		"a charge nobody asked for": {
			func(_ *testing.T, p *picture) {
				p.book = append(p.book, gateway.Entry{Order: "completes", Key: "stranger", Kind: gateway.Captured, Amount: 5,
					Currency: "GBP"})
			}, "money", "completes", "no service asked for it"},
		"a refund the services do not know of": {
			func(_ *testing.T, p *picture) {
				p.book = append(p.book, gateway.Entry{Order: "lost", Kind: gateway.Refunded, Amount: 5, Currency: "GBP"})
			}, "agreement invoices journal money settled", "lost",
			"10.55 GBP were refunded and 0.00 GBP charged back of 10.50 GBP captured"},
		"an order charged twice": {
			func(_ *testing.T, p *picture) {
				p.book = append(p.book, gateway.Entry{Order: "completes", Kind: gateway.Captured, Amount: 1050, Currency: "GBP",
					Reference: "au_2"},
					gateway.Entry{Order: "completes", Kind: gateway.Authorized, Amount: 1050, Currency: "GBP", Reference: "au_2"})
			}, "agreement invoices journal money settled", "completes", "it was charged 2 times"},
		"money still set aside for an order that ended": {
			func(_ *testing.T, p *picture) {
				p.book = slices.DeleteFunc(p.book, func(e gateway.Entry) bool { return e.Kind == gateway.Voided && e.Order == "short" })
				p.book = slices.DeleteFunc(p.book, func(e gateway.Entry) bool { return e.Kind == gateway.Refunded && e.Order == "short" })
			}, "agreement settled", "short", "it is cancelled, and "},
		"money still set aside for goods that were left out": {
			func(_ *testing.T, p *picture) {
				p.book = slices.DeleteFunc(p.book, func(e gateway.Entry) bool { return e.Kind == gateway.Voided && e.Order == "in-part" })
			}, "agreement settled", "in-part", "6.00 GBP are still set aside, not 0.00 GBP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, 1).picture(t)
			p.book = slices.Clone(p.book)
			c.damage(t, p)
			all := p.verdict(t)
			if got := strings.Join(listed(all), " "); got != c.broken {
				t.Errorf("broken: %s, want %s", got, c.broken)
			}
			if !tells(all, c.named, c.says) {
				t.Errorf("no offence of %s says %q: %v", c.named, c.says, all)
			}
		})
	}
}

// tells looks for an offence.
func tells(all map[string]Check, id, says string) bool {
	for _, c := range all {
		for _, o := range c.Offending {
			if strings.Contains(o.ID, id) && strings.Contains(o.Text, says) {
				return true
			}
		}
	}
	return false
}

func TestAChangedWatermarkNamesWhatWouldBeAppliedTwiceOrSkipped(t *testing.T) {
	t.Parallel()
	for by, word := range map[int64]string{-1: "applied twice", 1: "skipped"} {
		p := open(t, 1).picture(t)
		at := partitionOf("order", "completes")
		record := p.topics().record(t, orderevent.Validated, "completes")
		s := p.services["payment"]
		w := mark{sequence: record.Sequence - 1, id: record.ID} // it had applied this one
		if by > 0 {                                             // it had applied the one before
			w = mark{sequence: record.Sequence}
			if record.Sequence > 1 {
				w.id = p.topics()[at][record.Sequence-2].ID
			}
		}
		s.watermarks[at] = w
		c := p.verdict(t)["watermarks"]
		want := fmt.Sprintf("order.validated.v1 of completes would be %s", word)
		if c.Holds || c.Broken != 1 || c.Offending[0].ID != "payment at "+at.String() || !strings.Contains(c.Offending[0].Text, want) {
			t.Errorf("%+d: %v, want %s", by, c, want)
		}
	}
}

func TestAWatermarkBeyondTheTopicIsFound(t *testing.T) {
	t.Parallel()
	p := open(t, 1).picture(t)
	at := partitionOf("order", "completes")
	s := p.services["payment"]
	w := s.watermarks[at]
	w.sequence += 3
	s.watermarks[at] = w
	if c := p.verdict(t)["watermarks"]; c.Holds || !strings.Contains(c.Offending[0].Text, "the next 3 events would be skipped") {
		t.Error(c)
	}
}
