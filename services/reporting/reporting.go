// Package reporting keeps the books: a double-entry journal of all money that moved, a report for each business day, and the
// reconciliation of both with the gateway's settlement files.
//
// Entries are made from money events only. An authorisation and its void move no money, so they have no entry. An entry is
// never changed; what was wrong is corrected by another one. Prices include tax: how much of them it is, invoices and credit
// notes say, and it moves from revenue, and back from what is refunded, by theirs.
//
// It is pure: the gateway's file is read by internal/settlement, rows are in internal/store, operators read internal/api.
package reporting

import (
	"cmp"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

// The accounts of the journal.
const (
	Customers = "customers"        // owe what they ordered until they pay, and are owed refunds that did not arrive
	Clearing  = "gateway_clearing" // what the gateway holds for the shop until it pays it out
	Bank      = "bank"             // what it has paid out, less what people gave back to customers from there
	Revenue   = "revenue"
	Tax       = "tax"
	Refunds   = "refunds"
	Disputes  = "disputes" // taken back by customers' banks
	Fees      = "fees"     // kept by the gateway
)

// The movements of money between the shop and the gateway.
const (
	Capture            = "capture"
	Refund             = "refund"
	Chargeback         = "chargeback"
	ChargebackReversed = "chargeback_reversed"
	RefundReversed     = "refund_reversed"
)

// The entries of what moves nothing between the two: tax, and what people gave back outside the gateway.
const (
	Invoice    = "invoice"
	CreditNote = "credit_note"
	Settled    = "refund_settled"
)

func isOutside(movement string) bool {
	return movement == Invoice || movement == CreditNote || movement == Settled
}

// Account is what the books have of one order.
type Account struct {
	Order   string
	Entries []Entry
	Items   []Item
}

// Entry is one entry of the journal. Its transfers balance, each by itself.
type Entry struct {
	ID, Movement, Reference, Transaction, HappenedAt, Day string

	Transfers []event.Transfer
}

// Item is a movement, or those of one reference, as the journal has it and as the gateway accounts for it. Amounts are in minor
// units, negative where the gateway takes them from the shop.
type Item struct {
	Movement, Reference, Currency string

	Day             string // of its first entry, or of the file that has it
	Booked, Settled int64
	Fee             int64  // that the event of the movement told
	Lines           []Line // of settlement files
	PaidOut         int64  // booked as paid out
	PaidFee         int64  // booked as kept
	Told            bool   // a discrepancy is told and not resolved, with these numbers:
	ToldBooked      int64
	ToldSettled     int64
}

// Line is a line of a settlement file.
type Line struct {
	Transaction string
	Gross, Fee  int64
	Day         string // of the file
	Reading     int64  `json:",omitempty"` // of the file
}

// Blank is the account of an order without events.
func Blank(order string) Account { return Account{Order: order} }

// Evolve folds the service's own events about an order.
func Evolve(a Account, e saga.Event) Account {
	switch d := e.Data.(type) {
	case event.EntryPostedV1:
		entry := Entry{ID: d.EntryID, Movement: d.Movement, Reference: d.Reference, Transaction: d.Transaction,
			HappenedAt: d.HappenedAt, Day: d.Day, Transfers: d.Transfers}
		at, _ := slices.BinarySearchFunc(a.Entries, entry, inTime)
		a.Entries = slices.Insert(slices.Clone(a.Entries), at, entry)
		if !isOutside(d.Movement) {
			a = a.with(d.Movement, d.Reference, d.Transfers[0].Amount.Currency, d.Day, func(i *Item) { i.book(d) })
		}
	case event.LineSettledV1:
		a = a.settle(d)
	case event.LinesVanishedV1:
		a = a.without(func(l Line) bool { return l.Day == d.Day && l.Reading < d.Reading })
	case event.DiscrepancyFoundV1:
		a = a.with(d.Movement, d.Reference, d.Currency, d.Day, func(i *Item) {
			i.Told, i.ToldBooked, i.ToldSettled = true, d.Booked, d.Settled
		})
	case event.DiscrepancyResolvedV1:
		a = a.with(d.Movement, d.Reference, d.Currency, "", func(i *Item) { i.Told, i.ToldBooked, i.ToldSettled = false, 0, 0 })
	}
	return a
}

// inTime compares entries: they are kept as money moved, in whatever order its events arrive.
func inTime(x, y Entry) int {
	return cmp.Or(cmp.Compare(x.HappenedAt, y.HappenedAt), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Reference, y.Reference))
}

// byName compares items.
func byName(x, y Item) int {
	return cmp.Or(cmp.Compare(x.Movement, y.Movement), cmp.Compare(x.Reference, y.Reference), cmp.Compare(x.Currency, y.Currency))
}

// with is the account with an item changed, a new one if there is none.
func (a Account) with(movement, reference, currency, day string, change func(*Item)) Account {
	a.Items = slices.Clone(a.Items)
	item := Item{Movement: movement, Reference: reference, Currency: currency, Day: day}
	i, known := slices.BinarySearchFunc(a.Items, item, byName)
	if !known {
		a.Items = slices.Insert(a.Items, i, item)
	}
	change(&a.Items[i])
	return a
}

// book adds an entry: of the movement itself, or of its payout.
func (i *Item) book(d event.EntryPostedV1) {
	balance := func(account string) int64 { return balance(d.Transfers, account, i.Currency) }
	fee := balance(Fees)
	switch {
	case d.Transaction != "":
		i.PaidOut, i.PaidFee = i.PaidOut+balance(Bank), i.PaidFee+fee
	default:
		i.Booked, i.Fee = i.Booked+balance(Clearing)+fee, i.Fee+fee
	}
}

// settle puts the line in the place of the one with its id.
func (a Account) settle(d event.LineSettledV1) Account {
	a = a.without(func(l Line) bool { return l.Transaction == d.Transaction })
	return a.with(d.Movement, d.Reference, d.Gross.Currency, d.Day, func(i *Item) {
		i.Lines = append(i.Lines, Line{d.Transaction, d.Gross.Amount, d.Fee, d.Day, d.Reading})
		*i = i.summed()
	})
}

// without is the account without some lines.
func (a Account) without(gone func(Line) bool) Account {
	a.Items = slices.Clone(a.Items)
	for n, i := range a.Items {
		i.Lines = slices.DeleteFunc(slices.Clone(i.Lines), gone)
		a.Items[n] = i.summed()
	}
	return a
}

func (i Item) summed() Item {
	i.Settled = 0
	for _, l := range i.Lines {
		i.Settled += l.Gross
	}
	if len(i.Lines) == 0 {
		i.Lines = nil
	}
	return i
}

// kept is what the gateway has kept, by its lines.
func (i Item) kept() (fees int64) {
	for _, l := range i.Lines {
		fees += l.Fee
	}
	return fees
}

// balance is the debits of the account less its credits, in one currency.
func balance(transfers []event.Transfer, account, currency string) (sum int64) {
	for _, t := range transfers {
		switch {
		case t.Amount.Currency != currency:
		case t.Debit == account:
			sum += t.Amount.Amount
		case t.Credit == account:
			sum -= t.Amount.Amount
		}
	}
	return sum
}

// move transfers the amount; a negative one goes the other way, and none needs no transfer.
func move(debit, credit string, amount int64, currency string) []event.Transfer {
	switch {
	case amount == 0:
		return nil
	case amount < 0:
		debit, credit, amount = credit, debit, -amount
	}
	return []event.Transfer{{Debit: debit, Credit: credit, Amount: schemas.Money{Amount: amount, Currency: currency}}}
}
