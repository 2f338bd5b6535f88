package invoice

import "slices"

// Payment is how much of a credit note a refund paid.
type Payment struct {
	RefundID string `json:"refund_id"`
	Amount   int64  `json:"amount"`           // minor units
	Failed   bool   `json:"failed,omitempty"` // it did not arrive
}

func (n Issued) paidBy(refund string) bool {
	return slices.ContainsFunc(n.Payments, func(p Payment) bool { return p.RefundID == refund })
}

// owed is how much of a credit note is not paid, in minor units.
func (n Issued) owed() int64 {
	left := n.Amount.Amount
	for _, p := range n.Payments {
		if !p.Failed {
			left -= p.Amount
		}
	}
	return left
}

// Paid is what the customer has of the credit notes, in minor units.
func (p Part) Paid() (sum int64) {
	for _, n := range p.CreditNotes {
		sum += n.Amount.Amount - n.owed()
	}
	return sum
}

// arrived tells whether the refund paid a credit note and nobody said that it did not arrive.
func (p Part) arrived(refund string) bool {
	return slices.ContainsFunc(p.CreditNotes, func(n Issued) bool {
		return slices.ContainsFunc(n.Payments, func(p Payment) bool { return p.RefundID == refund && !p.Failed })
	})
}

// shares are what the refund pays of each credit note that stands unpaid, in minor units. First come those of the refund that it
// is made instead of. The others come in only where the invoice leaves no room for a credit note of its own: what one refund
// failed to give back was given back for another reason.
func (i Invoice) shares(r Refund) (all []int64, sum int64) {
	all = make([]int64, len(i.CreditNotes))
	if i.Issued == nil || r.Amount.Currency != i.Issued.Amount.Currency {
		return all, 0
	}
	pay := func(most int64, which func(Issued) bool) {
		for n, note := range i.CreditNotes {
			if share := min(most, note.owed()-all[n]); share > 0 && which(note) {
				all[n], sum, most = all[n]+share, sum+share, most-share
			}
		}
	}
	if r.Instead != "" {
		pay(r.Amount.Amount, func(n Issued) bool { return i.sameClaim(n, r.Instead) })
	}
	room := i.Issued.Amount.Amount - i.Credited()
	pay(r.Amount.Amount-sum-room, func(Issued) bool { return true })
	return all, sum
}

// sameClaim tells whether the credit note is of the refund, or of one that was made instead of it and was for more.
func (i Invoice) sameClaim(n Issued, refund string) bool {
	return n.paidBy(refund) || slices.ContainsFunc(i.CreditNotes, func(first Issued) bool {
		return first.paidBy(refund) && first.paidBy(n.RefundID)
	})
}

// paid adds the refund to the credit notes that it pays.
func (i Invoice) paid(r Refund) Invoice {
	shares, _ := i.shares(r)
	i.CreditNotes = slices.Clone(i.CreditNotes)
	for n, share := range shares {
		if share > 0 {
			note := &i.CreditNotes[n]
			note.Payments = append(slices.Clip(note.Payments), Payment{RefundID: r.ID, Amount: share})
		}
	}
	return i
}

// unpaid takes back what the refund paid: it did not arrive.
func (i Invoice) unpaid(refund string) Invoice {
	i.CreditNotes = slices.Clone(i.CreditNotes)
	for n := range i.CreditNotes {
		note := &i.CreditNotes[n]
		note.Payments = slices.Clone(note.Payments)
		for k := range note.Payments {
			note.Payments[k].Failed = note.Payments[k].Failed || note.Payments[k].RefundID == refund
		}
	}
	return i
}
