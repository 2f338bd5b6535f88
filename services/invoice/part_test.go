package invoice_test

import (
	"fmt"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	fromLeeds = []schemas.Allocation{goods("A", 2, 300, "LEEDS")}
	fromYork  = []schemas.Allocation{goods("A", 1, 300, "YORK"), goods("B", 1, 100, "YORK")}
	leeds     = parcelTaken("s1", fromLeeds)
	york      = parcelTaken("s2", fromYork)
)

func parcelTaken(shipment string, lines []schemas.Allocation) saga.Event {
	return payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(schemas.Worth(lines)), Lines: lines,
		ShipmentID: shipment})
}

func parcelRefunded(shipment, id string, pence int64, lines ...schemas.Allocation) saga.Event {
	return refund.Issued.Of(refund.IssuedV1{RefundID: id, Reason: "lost", Amount: pounds(pence), Lines: lines, ShipmentID: shipment})
}

func parts(i invoice.Invoice) (text string) {
	for _, p := range i.Parts() {
		text += p.ShipmentID + ":"
		if p.Issued != nil {
			text += fmt.Sprintf(" %d%v", p.Issued.Amount.Amount, p.Issued.Lines)
		}
		for _, n := range p.CreditNotes {
			text += fmt.Sprintf(" -%d%v", n.Amount.Amount, n.Lines)
		}
		if len(p.Waiting)+len(p.Withheld) > 0 {
			text += fmt.Sprintf(" %v%v", p.Waiting, p.Withheld)
		}
		text += "; "
	}
	return text
}

func TestEachParcelHasAnInvoiceOfItsGoodsWhicheverIsHeardFirst(t *testing.T) {
	t.Parallel()
	const want = ":; s1: 600[{A  2 300 100}]; s2: 400[{A  1 300 50} {B  1 100 17}]; "
	for _, heard := range [][]saga.Event{
		{confirmed, leeds, york, york, leeds}, {confirmed, york, confirmed, leeds}, {york, leeds, york, confirmed},
		{york, confirmed, york, leeds, confirmed},
	} {
		i := after(t, heard...)
		if got := parts(i); got != want {
			t.Errorf("issued %s", got)
		}
		all := i.Invoices()
		year := all[0].At.Year()
		if len(all) != 2 || all[0].Number != fmt.Sprintf("INV-%d-000001", year) || all[1].Number != fmt.Sprintf("INV-%d-000002", year) {
			t.Errorf("numbered %+v", all)
		}
	}
	if got := parts(after(t, confirmed, leeds)); got != ":; s1: 600[{A  2 300 100}]; " {
		t.Errorf("where the other parcel is withdrawn: %s", got)
	}
}

func TestACreditNoteCorrectsTheInvoiceOfItsParcel(t *testing.T) {
	t.Parallel()
	some, all := parcelRefunded("s1", "r1", 300, goods("A", 1, 300, "LEEDS")), parcelRefunded("s2", "r2", 400, fromYork...)
	for _, heard := range [][]saga.Event{
		{confirmed, leeds, york, some, all, all, some}, {all, some, york, confirmed, all, leeds},
		{leeds, york, all, some, confirmed, some},
	} {
		i := after(t, heard...)
		if got := parts(i); got != ":; s1: 600[{A  2 300 100}] -300[{A  1 300 50}]; "+
			"s2: 400[{A  1 300 50} {B  1 100 17}] -400[{A  1 300 50} {B  1 100 17}]; " {
			t.Errorf("credited %s", got)
		}
		if notes := i.Notes(); len(notes) != 2 || notes[0].Number >= notes[1].Number {
			t.Errorf("in the order %+v", notes)
		}
	}
}

func TestMoreThanAParcelCostIsWithheldAlsoWhereTheOthersCostMore(t *testing.T) {
	t.Parallel()
	i := after(t, confirmed, leeds, york, parcelRefunded("s2", "r1", 401))
	if got := parts(i); got != ":; s1: 600[{A  2 300 100}]; "+
		"s2: 400[{A  1 300 50} {B  1 100 17}] [][{above_invoice {401 GBP} r1}]; " {
		t.Error(got)
	}
	sagatest.Given(t, machine).When(confirmed).When(leeds).When(york).When(parcelRefunded("s2", "r1", 401)).
		When(parcelRefunded("s2", "r1", 401)).Then()
}

func TestMoneyForAParcelThatDidNotArriveIsGivenBackUnderItsCreditNote(t *testing.T) {
	t.Parallel()
	failed := func(id string) saga.Event {
		return refund.Failed.Of(refund.FailedV1{RefundID: id, Reason: "card_closed"})
	}
	again := refund.Issued.Of(refund.IssuedV1{RefundID: "r2", Reason: "lost", Amount: pounds(400), Instead: "r1", ShipmentID: "s2"})
	byHand := refund.Settled.Of(refund.SettledV1{SettlementID: "p1", RefundID: "r2", Reason: "lost", Amount: pounds(400),
		Instead: "r1", ShipmentID: "s2"})
	for name, c := range map[string]struct {
		heard          []saga.Event
		credited, paid int64
	}{
		"not yet":           {[]saga.Event{failed("r1"), failed("r1")}, 400, 0},
		"by the gateway":    {[]saga.Event{failed("r1"), again, failed("r1"), again}, 400, 400},
		"by a person":       {[]saga.Event{failed("r1"), again, failed("r2"), byHand, byHand}, 400, 400},
		"and for the other": {[]saga.Event{failed("r1"), parcelRefunded("s1", "r3", 600), failed("r3"), again}, 400, 400},
	} {
		i := after(t, append([]saga.Event{confirmed, leeds, york, parcelRefunded("s2", "r1", 400)}, c.heard...)...)
		if p := i.Of("s2"); p.Credited() != c.credited || p.Paid() != c.paid || len(p.CreditNotes) != 1 || len(p.Withheld) > 0 {
			t.Errorf("%s: %s", name, parts(i))
		}
	}
}
