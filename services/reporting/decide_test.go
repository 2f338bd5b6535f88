package reporting_test

import (
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	utc      = reporting.Calendar{Zone: time.UTC}
	machine  = utc.Choreography().Machine()
	captured = payment.Captured.Of(payment.CapturedV1{Reference: "au_1", Amount: gbp(1530)})
	refunded = refund.Issued.Of(refund.IssuedV1{RefundID: "re_1", Reason: "returned", Amount: gbp(500)})
)

func gbp(amount int64) schemas.Money { return schemas.Money{Amount: amount, Currency: "GBP"} }

func transfer(debit, credit string, amount int64) event.Transfer {
	return event.Transfer{Debit: debit, Credit: credit, Amount: gbp(amount)}
}

// entry is what an entry of the first second of 1970 leads to.
func entry(id, movement, reference, line string, transfers ...event.Transfer) []saga.Event {
	return []saga.Event{
		event.EntryPosted.Of(event.EntryPostedV1{EntryID: id, Movement: movement, Reference: reference, Transaction: line,
			HappenedAt: "1970-01-01T00:00:00.000000Z", Day: "1970-01-01", Transfers: transfers}),
		event.EntryDated.About("1970-01-01", event.EntryDatedV1{EntryID: id, OrderID: sagatest.Order, Transfers: transfers}),
	}
}

// paid is the entry of a payout of the captured amount, which is named by the event that led to it.
func paid(d *sagatest.Decision, line string, transfers ...event.Transfer) []saga.Event {
	return entry(d.Emitted()[0].ID+"/capture/au_1", "capture", "au_1", line, transfers...)
}

func line(id, movement, reference string, gross, fee int64) saga.Event {
	return event.SettlementLineRead.Of(event.SettlementLineReadV1{Transaction: id, Movement: movement, Reference: reference,
		Gross: gbp(gross), Fee: fee, Day: "1970-01-01"})
}

func settled(id, movement, reference string, gross, fee int64) saga.Event {
	return event.LineSettled.Of(event.LineSettledV1(line(id, movement, reference, gross, fee).Data.(event.SettlementLineReadV1)))
}

func differs(booked, settled int64) saga.Event {
	return event.DiscrepancyFound.Of(event.DiscrepancyFoundV1{Movement: "capture", Reference: "au_1", Currency: "GBP",
		Booked: booked, Settled: settled, Day: "1970-01-01"})
}

func agrees(booked int64) saga.Event {
	return event.DiscrepancyResolved.Of(event.DiscrepancyResolvedV1{Movement: "capture", Reference: "au_1", Currency: "GBP",
		Booked: booked})
}

func with(e saga.Event, id string) saga.Event {
	e.ID = id
	return e
}

func TestEachMovementOfMoneyIsEnteredOnceByTheIDOfItsEvent(t *testing.T) {
	t.Parallel()
	sale := entry("c", "capture", "au_1", "", transfer("customers", "revenue", 1530),
		transfer("gateway_clearing", "customers", 1530))
	back := entry("r", "refund", "re_1", "", transfer("refunds", "customers", 500),
		transfer("customers", "gateway_clearing", 500))
	sagatest.Given(t, machine).
		When(with(captured, "c")).Then(sale...).When(with(captured, "c")).Then().
		When(with(refunded, "r")).Then(back...).When(with(refunded, "r")).Then().When(with(captured, "c")).Then()
	sagatest.Given(t, machine).When(payment.Captured.Of(payment.CapturedV1{Reference: "au_1", Amount: gbp(0)})).Then()
}

func TestWhatAPersonGaveBackComesFromTheBankAndIsNotTheGatewaysToAccountFor(t *testing.T) {
	t.Parallel()
	settled := with(refund.Settled.Of(refund.SettledV1{SettlementID: "s_1", RefundID: "re_1", Reason: "returned", Amount: gbp(500),
		How: "bank_transfer", Reference: "FT-1", Operator: "op"}), "s")
	d := sagatest.Given(t, machine).When(with(captured, "c")).
		When(settled).Then(entry("s", "refund_settled", "s_1", "", transfer("refunds", "customers", 500),
		transfer("customers", "bank", 500))...).
		When(settled).Then().
		When(line("txn_1", "capture", "au_1", 1530, 41)).
		When(reporting.ReportMissing.Of(reporting.Missing{Through: "9999-12-31"})).Then()
	if bank, left := booked(d.State(), reporting.Bank), clearing(d.State()); bank != 1530-41-500 || left != 0 {
		t.Errorf("%d in the bank, %d left with the gateway", bank, left)
	}
}

func TestARefundThatDidNotArriveIsOwedToTheCustomerUntilAnotherPaysIt(t *testing.T) {
	t.Parallel()
	back := with(payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "re_1", Reference: "au_1", Amount: gbp(500)}), "b")
	again := with(refund.Issued.Of(refund.IssuedV1{RefundID: "re_2", Amount: gbp(500), Instead: "re_1", Arrears: 500}), "a")
	more := with(refund.Issued.Of(refund.IssuedV1{RefundID: "re_2", Amount: gbp(700), Instead: "re_1", Arrears: 500}), "a")
	byHand := with(refund.Settled.Of(refund.SettledV1{SettlementID: "s", Amount: gbp(500), Instead: "re_1", Arrears: 500}), "a")
	for name, c := range map[string]struct {
		heard          []saga.Event
		refunds, owed  int64
		clearing, bank int64
	}{
		"it did not arrive":       {[]saga.Event{with(refunded, "r"), back}, 500, 500, 0, 0},
		"heard the other way":     {[]saga.Event{back, with(refunded, "r")}, 500, 500, 0, 0},
		"it is paid again":        {[]saga.Event{with(refunded, "r"), back, again}, 500, 0, -500, 0},
		"heard before the return": {[]saga.Event{with(refunded, "r"), again, back}, 500, 0, -500, 0},
		"more is paid":            {[]saga.Event{with(refunded, "r"), back, more}, 700, 0, -700, 0},
		"a person pays it":        {[]saga.Event{with(refunded, "r"), back, byHand}, 500, 0, 0, -500},
	} {
		d := sagatest.Given(t, machine)
		for _, e := range c.heard {
			d.When(e)
		}
		got := [4]int64{booked(d.State(), reporting.Refunds), -booked(d.State(), reporting.Customers), clearing(d.State()),
			booked(d.State(), reporting.Bank)}
		if want := [4]int64{c.refunds, c.owed, c.clearing, c.bank}; got != want {
			t.Errorf("%s: refunds, owed, clearing and bank are %d, want %d", name, got, want)
		}
	}
}

func TestDisputesAndRefundsThatDidNotArriveAreEnteredAndClearOnceTheGatewayAccountsForThem(t *testing.T) {
	t.Parallel()
	fee := gbp(1500)
	disputed := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "dp_1", Reference: "au_1", Amount: gbp(1530), Fee: &fee})
	won := payment.ChargebackReversed.Of(payment.ChargebackReversedV1{DisputeID: "dp_1", Reference: "au_1", Amount: gbp(1530)})
	back := payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "re_1", Reference: "au_1", Amount: gbp(500)})
	d := sagatest.Given(t, machine).When(with(disputed, "d")).
		Then(entry("d", "chargeback", "dp_1", "", transfer("disputes", "gateway_clearing", 1530),
			transfer("fees", "gateway_clearing", 1500))...).
		When(with(won, "w")).
		Then(entry("w", "chargeback_reversed", "dp_1", "", transfer("gateway_clearing", "disputes", 1530))...).
		When(with(refunded, "r")).When(with(back, "b")).
		Then(entry("b", "refund_reversed", "re_1", "", transfer("gateway_clearing", "customers", 500))...).
		When(line("txn_1", "chargeback", "dp_1", -1530, 1500)).When(line("txn_2", "chargeback_reversed", "dp_1", 1530, 0)).
		When(line("txn_3", "refund", "re_1", -500, 0)).When(line("txn_4", "refund_reversed", "re_1", 500, 0))
	if left := clearing(d.State()); left != 0 {
		t.Errorf("%d are left with the gateway", left)
	}
	if fees := booked(d.State(), reporting.Fees); fees != 1500 {
		t.Errorf("%d of fees are booked", fees)
	}
}

func TestTheTaxOfInvoicesAndCreditNotesIsMovedFromRevenueAndBackFromRefunds(t *testing.T) {
	t.Parallel()
	document := func(number string, tax int64) invoice.Document {
		return invoice.Document{Number: number, Amount: gbp(1530), Tax: tax}
	}
	issued := invoice.Issued.Of(invoice.IssuedV1{Document: document("INV-1", 255)})
	credit := invoice.CreditNoteIssued.Of(invoice.CreditNoteIssuedV1{Invoice: "INV-1", RefundID: "re_1",
		Document: document("CN-1", 83)})
	sagatest.Given(t, machine).
		When(with(issued, "i")).Then(entry("i", "invoice", "INV-1", "", transfer("revenue", "tax", 255))...).
		When(with(credit, "n")).Then(entry("n", "credit_note", "CN-1", "", transfer("tax", "refunds", 83))...).
		When(with(issued, "i")).Then().
		When(reporting.ReportMissing.Of(reporting.Missing{Through: "9999-12-31"})).Then()
	sagatest.Given(t, machine).When(invoice.Issued.Of(invoice.IssuedV1{Document: document("INV-2", 0)})).Then()
}

func TestWhatTheGatewayAccountsForIsBookedAsPaidOutLessItsFee(t *testing.T) {
	t.Parallel()
	after := sagatest.Given(t, machine).When(with(captured, "c"))
	after.When(line("txn_1", "capture", "au_1", 1530, 41))
	after.Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 41)}, paid(after, "txn_1",
		transfer("bank", "gateway_clearing", 1489), transfer("fees", "gateway_clearing", 41))...)...).
		When(line("txn_1", "capture", "au_1", 1530, 41)).Then()
	// The gateway corrects its fee: the difference is booked.
	after.When(line("txn_1", "capture", "au_1", 1530, 51))
	after.Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 51)}, paid(after, "txn_1",
		transfer("gateway_clearing", "bank", 10), transfer("fees", "gateway_clearing", 10))...)...)
	if left := clearing(after.State()); left != 0 {
		t.Errorf("%d are left with the gateway", left)
	}
	refund := sagatest.Given(t, machine).When(with(refunded, "r")).When(line("txn_2", "refund", "re_1", -500, 0))
	refund.ThenKinds(event.LineSettled, event.EntryPosted, event.EntryDated)
	if left := clearing(refund.State()); left != 0 {
		t.Errorf("%d of the refund are left with the gateway", left)
	}
}

// clearing is what the gateway holds.
func clearing(state any) int64 { return booked(state, reporting.Clearing) }

// booked is the balance of an account.
func booked(state any, account string) (sum int64) {
	for _, e := range state.(reporting.Account).Entries {
		for _, x := range e.Transfers {
			if x.Debit == account {
				sum += x.Amount.Amount
			}
			if x.Credit == account {
				sum -= x.Amount.Amount
			}
		}
	}
	return sum
}

func TestAnAlteredLineIsADiscrepancyOnceAndGoneWhenItIsPutBack(t *testing.T) {
	t.Parallel()
	altered, right := line("txn_1", "capture", "au_1", 1430, 41), line("txn_1", "capture", "au_1", 1530, 41)
	d := sagatest.Given(t, machine).When(with(captured, "c")).
		When(altered).Then(settled("txn_1", "capture", "au_1", 1430, 41), differs(1530, 1430)).
		When(altered).Then().
		When(right)
	d.Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 41), agrees(1530)},
		paid(d, "txn_1", transfer("bank", "gateway_clearing", 1489), transfer("fees", "gateway_clearing", 41))...)...)
	// Also after it was paid out; then nothing is booked twice.
	sagatest.Given(t, machine).When(with(captured, "c")).When(right).When(altered).
		Then(settled("txn_1", "capture", "au_1", 1430, 41), differs(1530, 1430)).
		When(right).Then(settled("txn_1", "capture", "au_1", 1530, 41), agrees(1530))
}

func TestALineThatTheJournalDoesNotKnowIsADiscrepancyUntilItsEventArrives(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(line("txn_1", "capture", "au_1", 1530, 41)).
		Then(settled("txn_1", "capture", "au_1", 1530, 41), differs(0, 1530)).
		When(with(captured, "c")).
		ThenKinds(event.EntryPosted, event.EntryDated, event.DiscrepancyResolved, event.EntryPosted, event.EntryDated)
	euros := event.SettlementLineRead.Of(event.SettlementLineReadV1{Transaction: "txn_1", Movement: "capture", Reference: "au_1",
		Gross: schemas.Money{Amount: 1530, Currency: "EUR"}, Day: "1970-01-01"})
	sagatest.Given(t, machine).When(with(captured, "c")).When(euros).ThenKinds(event.LineSettled, event.DiscrepancyFound)
}

func TestAMovementThatNoFileHadIsToldOnceTheFilesOfItsDaysWereRead(t *testing.T) {
	t.Parallel()
	through := func(day string) saga.Event { return reporting.ReportMissing.Of(reporting.Missing{Through: day}) }
	sagatest.Given(t, machine).When(with(captured, "c")).
		When(through("1969-12-31")).Then().
		When(through("1970-01-01")).Then(event.SettlementMissed.Of(event.SettlementMissedV1{Through: "1970-01-01"}), differs(1530, 0)).
		When(through("1970-01-02")).Then().
		When(line("txn_1", "capture", "au_1", 1530, 41)).
		ThenKinds(event.LineSettled, event.DiscrepancyResolved, event.EntryPosted, event.EntryDated)
}

func TestALineThatIsNotInTheFileAnyMoreIsADiscrepancyUntilItIsThereAgain(t *testing.T) {
	t.Parallel()
	again := func(id string, reading int64) saga.Event {
		e := line(id, "capture", "au_1", 1530, 41)
		d := e.Data.(event.SettlementLineReadV1)
		d.Reading = reading
		return event.SettlementLineRead.Of(d)
	}
	gone := func(reading int64) saga.Event {
		return reporting.ReportVanished.Of(reporting.Vanished{Day: "1970-01-01", Reading: reading})
	}
	vanished := event.LinesVanished.Of(event.LinesVanishedV1{Day: "1970-01-01", Reading: 1})
	d := sagatest.Given(t, machine).When(with(captured, "c")).When(again("txn_1", 0)).
		When(gone(1)).Then(vanished, differs(1530, 0)).
		When(gone(1)).Then().
		When(again("txn_1", 2)).ThenKinds(event.LineSettled, event.DiscrepancyResolved).
		When(gone(2)).Then()
	if bank, left := booked(d.State(), reporting.Bank), clearing(d.State()); bank != 1489 || left != 0 {
		t.Errorf("%d in the bank, %d left with the gateway", bank, left)
	}
	// One that is still there is not gone, nor is one of another day's file.
	sagatest.Given(t, machine).When(with(captured, "c")).When(again("txn_1", 0)).When(again("txn_1", 1)).When(gone(1)).Then().
		When(reporting.ReportVanished.Of(reporting.Vanished{Day: "1970-01-02", Reading: 9})).Then()
	// What the journal never knew of is settled by that.
	sagatest.Given(t, machine).When(again("txn_1", 0)).When(gone(1)).ThenKinds(event.LinesVanished, event.DiscrepancyResolved)
}

func TestTheFeeOfADisputeInAnotherCurrencyIsBookedOnce(t *testing.T) {
	t.Parallel()
	euros := schemas.Money{Amount: 1700, Currency: "EUR"}
	disputed := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "dp_1", Reference: "au_1", Amount: gbp(1530), Fee: &euros})
	d := sagatest.Given(t, machine).When(with(captured, "c")).
		When(with(disputed, "d")).Then(entry("d", "chargeback", "dp_1", "", transfer("disputes", "gateway_clearing", 1530))...).
		When(line("txn_1", "capture", "au_1", 1530, 0)).When(line("txn_2", "chargeback", "dp_1", -1530, 1500))
	if fees, left := booked(d.State(), reporting.Fees), clearing(d.State()); fees != 1500 || left != 0 {
		t.Errorf("%d of fees are booked, %d are left with the gateway", fees, left)
	}
}

func TestABankThatTakesBackAPaymentTakesWhatTheCustomerWasOwedOfItToo(t *testing.T) {
	t.Parallel()
	back := with(payment.RefundReversed.Of(payment.RefundReversedV1{RefundID: "re_1", Reference: "au_1", Amount: gbp(500)}), "b")
	whole := with(payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "dp_1", Amount: gbp(1530)}), "d")
	rest := with(payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "dp_1", Amount: gbp(1030)}), "d")
	won := with(payment.ChargebackReversed.Of(payment.ChargebackReversedV1{DisputeID: "dp_1", Amount: gbp(1530)}), "w")
	again := with(refund.Issued.Of(refund.IssuedV1{RefundID: "re_2", Amount: gbp(500), Instead: "re_1", Arrears: 500}), "a")
	credit := with(invoice.CreditNoteIssued.Of(invoice.CreditNoteIssuedV1{Invoice: "INV-1", RefundID: "re_1",
		Document: invoice.Document{Number: "CN-1", Amount: gbp(500), Tax: 83}}), "n")
	type balances struct{ owed, disputes, refunds int64 }
	for name, c := range map[string]struct {
		heard []saga.Event
		want  balances
	}{
		"nothing was refunded":               {[]saga.Event{whole}, balances{0, 1530, 0}},
		"a refund did not arrive":            {[]saga.Event{with(refunded, "r"), back, whole}, balances{0, 1030, 500}},
		"it has its credit note":             {[]saga.Event{with(refunded, "r"), credit, back, whole}, balances{0, 1030, 417}},
		"the refund is heard of last":        {[]saga.Event{back, whole, with(refunded, "r")}, balances{0, 1030, 500}},
		"the shop wins":                      {[]saga.Event{with(refunded, "r"), back, whole, won}, balances{500, 0, 500}},
		"and pays":                           {[]saga.Event{with(refunded, "r"), back, whole, won, again}, balances{0, 0, 500}},
		"it was paid again before":           {[]saga.Event{with(refunded, "r"), back, again, rest}, balances{0, 1030, 500}},
		"that is heard of after the dispute": {[]saga.Event{with(refunded, "r"), back, rest, again}, balances{0, 1030, 500}},
		"the refund had arrived":             {[]saga.Event{with(refunded, "r"), rest}, balances{0, 1030, 500}},
	} {
		d := sagatest.Given(t, machine).When(with(captured, "c"))
		for _, e := range c.heard {
			d.When(e)
		}
		got := balances{-booked(d.State(), reporting.Customers), booked(d.State(), reporting.Disputes),
			booked(d.State(), reporting.Refunds)}
		if got != c.want {
			t.Errorf("%s: owed, disputes and refunds are %+v, want %+v", name, got, c.want)
		}
	}
}
