package reporting_test

import (
	"testing"
	"time"

	"orderflow.example/schemas"
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
	sale := entry("c", "capture", "au_1", "", transfer("customers", "revenue", 1530), transfer("gateway_clearing", "customers", 1530))
	back := entry("r", "refund", "re_1", "", transfer("refunds", "customers", 500), transfer("customers", "gateway_clearing", 500))
	sagatest.Given(t, machine).
		When(with(captured, "c")).Then(sale...).When(with(captured, "c")).Then().
		When(with(refunded, "r")).Then(back...).When(with(refunded, "r")).Then().When(with(captured, "c")).Then()
	sagatest.Given(t, machine).When(payment.Captured.Of(payment.CapturedV1{Reference: "au_1", Amount: gbp(0)})).Then()
}

func TestWhatTheGatewayAccountsForIsBookedAsPaidOutLessItsFee(t *testing.T) {
	t.Parallel()
	after := sagatest.Given(t, machine).When(with(captured, "c"))
	after.When(with(line("txn_1", "capture", "au_1", 1530, 41), "l")).
		Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 41)},
			entry("l/capture/au_1", "capture", "au_1", "txn_1", transfer("bank", "gateway_clearing", 1489),
				transfer("fees", "gateway_clearing", 41))...)...).
		When(line("txn_1", "capture", "au_1", 1530, 41)).Then()
	// The gateway corrects its fee: the difference is booked.
	after.When(with(line("txn_1", "capture", "au_1", 1530, 51), "m")).
		Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 51)},
			entry("m/capture/au_1", "capture", "au_1", "txn_1", transfer("gateway_clearing", "bank", 10),
				transfer("fees", "gateway_clearing", 10))...)...)
	if left := clearing(after.State()); left != 0 {
		t.Errorf("%d are left with the gateway", left)
	}
	refund := sagatest.Given(t, machine).When(with(refunded, "r")).When(line("txn_2", "refund", "re_1", -500, 0))
	refund.ThenKinds(event.LineSettled, event.EntryPosted, event.EntryDated)
	if left := clearing(refund.State()); left != 0 {
		t.Errorf("%d of the refund are left with the gateway", left)
	}
}

// clearing is the balance of what the gateway holds.
func clearing(state any) (sum int64) {
	for _, e := range state.(reporting.Account).Entries {
		for _, x := range e.Transfers {
			if x.Debit == reporting.Clearing {
				sum += x.Amount.Amount
			}
			if x.Credit == reporting.Clearing {
				sum -= x.Amount.Amount
			}
		}
	}
	return sum
}

func TestAnAlteredLineIsADiscrepancyOnceAndGoneWhenItIsPutBack(t *testing.T) {
	t.Parallel()
	altered, right := line("txn_1", "capture", "au_1", 1430, 41), line("txn_1", "capture", "au_1", 1530, 41)
	sagatest.Given(t, machine).When(with(captured, "c")).
		When(altered).Then(settled("txn_1", "capture", "au_1", 1430, 41), differs(1530, 1430)).
		When(altered).Then().
		When(with(right, "l")).Then(append([]saga.Event{settled("txn_1", "capture", "au_1", 1530, 41), agrees(1530)},
		entry("l/capture/au_1", "capture", "au_1", "txn_1", transfer("bank", "gateway_clearing", 1489),
			transfer("fees", "gateway_clearing", 41))...)...)
	// Also after it was paid out; then nothing is booked twice.
	sagatest.Given(t, machine).When(with(captured, "c")).When(right).When(altered).
		Then(settled("txn_1", "capture", "au_1", 1430, 41), differs(1530, 1430)).
		When(right).Then(settled("txn_1", "capture", "au_1", 1530, 41), agrees(1530))
}

func TestALineThatTheJournalDoesNotKnowIsADiscrepancyUntilItsEventArrives(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(line("txn_1", "capture", "au_1", 1530, 41)).
		Then(settled("txn_1", "capture", "au_1", 1530, 41), differs(0, 1530)).
		When(with(captured, "c")).ThenKinds(event.EntryPosted, event.EntryDated, event.DiscrepancyResolved, event.EntryPosted,
		event.EntryDated)
	euros := event.SettlementLineRead.Of(event.SettlementLineReadV1{Transaction: "txn_1", Movement: "capture", Reference: "au_1",
		Gross: schemas.Money{Amount: 1530, Currency: "EUR"}, Day: "1970-01-01"})
	sagatest.Given(t, machine).When(with(captured, "c")).When(euros).ThenKinds(event.LineSettled, event.DiscrepancyFound)
}

func TestAMovementThatNoFileHadIsToldOnceTheFilesOfItsDaysWereRead(t *testing.T) {
	t.Parallel()
	through := func(day string) saga.Event { return reporting.ReportMissing.Of(reporting.Missing{Through: day}) }
	sagatest.Given(t, machine).When(with(captured, "c")).
		When(through("1969-12-31")).Then().
		When(through("1970-01-01")).Then(differs(1530, 0)).When(through("1970-01-02")).Then().
		When(line("txn_1", "capture", "au_1", 1530, 41)).
		ThenKinds(event.LineSettled, event.DiscrepancyResolved, event.EntryPosted, event.EntryDated)
}
