package invoice_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	terms   = invoice.Terms{Rates: table(), Seller: invoice.Standard().Seller}
	machine = terms.Choreography().Machine()

	home      = schemas.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}
	confirmed = order.Confirmed.Of(order.ConfirmedV1{CustomerID: "ann", ShipTo: home, Total: pounds(1000),
		Lines: []schemas.Allocation{goods("A", 2, 300, "LEEDS"), goods("A", 1, 300, "YORK"), goods("B", 1, 100, "YORK")}})
	captured = capture(1000)
	agreed   = event.Readied.Of(event.ReadiedV1{By: "confirmed", CustomerID: "ann", Buyer: &home, Amount: ptr(pounds(1000)),
		Lines: []event.Line{{SKU: "A", Quantity: 3, UnitPrice: 300}, {SKU: "B", Quantity: 1, UnitPrice: 100}}})
	taken = event.Readied.Of(event.ReadiedV1{By: "captured", Amount: ptr(pounds(1000))})
)

// table has one rate for each country, whatever the day of the test.
func table() invoice.Rates {
	rates, err := invoice.ReadRates(strings.NewReader("country,category,percent,from,until\nGB,S,20,,\nDE,S,19,,\nFI,S,25.5,,\n"+
		"HU,S,27,,\nGR,S,24,,\n*,G,0,,\n"), "table")
	if err != nil {
		panic(err)
	}
	return rates
}

func ptr[T any](v T) *T { return &v }

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func goods(sku string, quantity, price int64, warehouse string) schemas.Allocation {
	return schemas.Allocation{SKU: sku, Quantity: quantity, UnitPrice: price, Warehouse: warehouse}
}

func capture(pence int64) saga.Event {
	return payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(pence)})
}

func refunded(id string, pence int64, lines ...schemas.Allocation) saga.Event {
	return refund.Issued.Of(refund.IssuedV1{RefundID: id, Reason: "returned", Amount: pounds(pence), Lines: lines})
}

// after hears the events and returns the state.
func after(t *testing.T, events ...saga.Event) invoice.Invoice {
	t.Helper()
	d := sagatest.Given(t, machine)
	for _, e := range events {
		d.When(e)
	}
	return d.State().(invoice.Invoice)
}

func TestAnInvoiceIsIssuedOnceWhicheverIsHeardFirst(t *testing.T) {
	t.Parallel()
	for _, heard := range [][]saga.Event{
		{confirmed, captured, confirmed, captured}, {captured, confirmed, captured, confirmed}, {captured, captured, confirmed},
	} {
		i := after(t, heard...)
		d := i.Issued
		if d == nil || d.Amount != pounds(1000) || d.Tax != 167 || d.Rate != 2000 || d.Category != "S" || d.Seller != terms.Seller {
			t.Fatalf("issued %+v", d)
		}
		if got := fmt.Sprint(d.Lines); got != "[{A  3 300 150} {B  1 100 17}]" {
			t.Errorf("its lines are %s", got)
		}
		if want := fmt.Sprintf("INV-%d-000001", d.At.Year()); d.Number != want || d.IssuedOn != d.At.Format("2006-01-02") {
			t.Errorf("numbered %s on %s, want %s", d.Number, d.IssuedOn, want)
		}
	}
	sagatest.Given(t, machine).When(captured).Then(taken).When(captured).Then()
	sagatest.Given(t, machine).When(confirmed).Then(agreed).When(confirmed).Then()
}

func TestAnInvoiceIsOverWhatWasCapturedAndSaysWhatWasNot(t *testing.T) {
	t.Parallel()
	d := after(t, confirmed, capture(700)).Issued
	if d.Amount != pounds(700) || d.Tax != 117 || fmt.Sprint(d.Lines) != "[{A  3 300 150} {B  1 100 17} { not_charged -1 300 -50}]" {
		t.Errorf("issued %+v", d)
	}
}

func TestAnInvoiceListsOnlyTheGoodsThatTheCaptureIsFor(t *testing.T) {
	t.Parallel()
	part := payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: pounds(700),
		Lines: []schemas.Allocation{goods("A", 2, 300, "LEEDS"), goods("B", 1, 100, "YORK")}})
	for _, heard := range [][]saga.Event{{confirmed, part, confirmed}, {part, confirmed, part}} {
		i := after(t, heard...)
		if got := fmt.Sprint(i.Issued.Amount, i.Issued.Lines, i.Withheld); got != "{700 GBP} [{A  2 300 100} {B  1 100 17}] []" {
			t.Errorf("issued %s", got)
		}
	}
}

func TestWhatDoesNotFitIsWithheldAndSaid(t *testing.T) {
	t.Parallel()
	other := schemas.Money{Amount: 1000, Currency: "EUR"}
	for reason, amount := range map[string]schemas.Money{"above_total": pounds(1001), "other_currency": other} {
		sagatest.Given(t, machine, agreed).When(payment.Captured.Of(payment.CapturedV1{Reference: "auth_1", Amount: amount})).Then(
			event.Readied.Of(event.ReadiedV1{By: "captured", Amount: &amount}),
			event.Withheld.Of(event.WithheldV1{Reason: reason, Amount: amount})).
			When(confirmed).Then()
	}
	for reason, amount := range map[string]schemas.Money{"above_invoice": pounds(1001), "other_currency": other} {
		i := after(t, confirmed, captured, refund.Issued.Of(refund.IssuedV1{RefundID: "r", Reason: "lost", Amount: amount}),
			refund.Issued.Of(refund.IssuedV1{RefundID: "r", Reason: "lost", Amount: amount}))
		if got := fmt.Sprint(i.Withheld); got != fmt.Sprintf("[{%s {%d %s} r}]", reason, amount.Amount, amount.Currency) ||
			len(i.CreditNotes)+len(i.Waiting) > 0 {
			t.Errorf("withheld %s", got)
		}
	}
	i := after(t, confirmed, captured, refunded("r1", 800), refunded("r2", 300))
	if got := fmt.Sprint(i.Withheld); got != "[{above_invoice {300 GBP} r2}]" || i.Credited() != 800 {
		t.Errorf("more than all is credited: %d, withheld %s", i.Credited(), got)
	}
}

func TestEveryRefundHasOneCreditNoteAlsoWhenItIsHeardBeforeTheInvoice(t *testing.T) {
	t.Parallel()
	some, rest := refunded("r1", 600, goods("A", 1, 300, "LEEDS"), goods("A", 1, 300, "YORK")), refunded("r2", 400)
	for _, heard := range [][]saga.Event{
		{confirmed, captured, some, some, rest, rest},
		{some, some, rest, confirmed, rest, captured, some},
		{captured, some, confirmed, some, rest},
	} {
		i := after(t, heard...)
		if len(i.CreditNotes) != 2 || len(i.Waiting) > 0 {
			t.Fatalf("credit notes %+v, waiting %+v", i.CreditNotes, i.Waiting)
		}
		one, two := i.CreditNotes[0], i.CreditNotes[1]
		if one.RefundID != "r1" || one.Reason != "returned" || one.Amount != pounds(600) ||
			fmt.Sprint(one.Lines) != "[{A  2 300 100}]" ||
			one.Number != fmt.Sprintf("CN-%d-000001", one.At.Year()) {
			t.Errorf("the first is %+v", one)
		}
		if fmt.Sprint(two.Lines) != "[{ refund 1 400 67}]" || two.Number != fmt.Sprintf("CN-%d-000002", two.At.Year()) ||
			one.Tax+two.Tax != i.Issued.Tax {
			t.Errorf("the second is %+v", two)
		}
	}
}

func TestARefundOfEverythingCreditsEveryLineOfTheInvoice(t *testing.T) {
	t.Parallel()
	i := after(t, confirmed, capture(700), refunded("r", 700))
	if n := i.CreditNotes[0]; fmt.Sprint(n.Lines) != fmt.Sprint(i.Issued.Lines) || n.Tax != i.Issued.Tax {
		t.Errorf("credited %+v", n)
	}
}

func TestMoneyThatDidNotArriveIsGivenBackUnderItsCreditNote(t *testing.T) {
	t.Parallel()
	failed := func(id string) saga.Event {
		return refund.Failed.Of(refund.FailedV1{RefundID: id, Reason: "card_closed", Amount: pounds(1000)})
	}
	i := after(t, confirmed, captured, refunded("r1", 1000), failed("r1"), failed("r1"))
	if i.Paid() != 0 || i.Credited() != 1000 {
		t.Errorf("%d of %d credited are paid", i.Paid(), i.Credited())
	}
	i = after(t, confirmed, captured, refunded("r1", 1000), failed("r1"), instead("r2", 1000), instead("r2", 1000),
		refunded("r1", 1000),
		failed("r1"), failed("r2"), instead("r3", 1000))
	if i.Paid() != 1000 || len(i.CreditNotes) != 1 || len(i.Withheld) > 0 ||
		fmt.Sprint(i.CreditNotes[0].Payments) != "[{r1 1000 true} {r2 1000 true} {r3 1000 false}]" {
		t.Errorf("%+v, withheld %+v", i.CreditNotes, i.Withheld)
	}
	if i := after(t, refunded("r1", 1000), failed("r1"), failed("r0"), confirmed, captured); len(i.CreditNotes) > 0 {
		t.Errorf("credited %+v", i.CreditNotes)
	}
}

// instead is a refund that is made after r1 did not arrive.
func instead(id string, pence int64) saga.Event {
	return refund.Issued.Of(refund.IssuedV1{RefundID: id, Reason: "returned", Amount: pounds(pence), Instead: "r1"})
}

func TestCreditNotesAreWhatTheCustomerWasEverOwedAndPaidWhatTheyHave(t *testing.T) {
	t.Parallel()
	failed := func(id string) saga.Event {
		return refund.Failed.Of(refund.FailedV1{RefundID: id, Reason: "card_closed"})
	}
	for name, c := range map[string]struct {
		heard          []saga.Event
		credited, paid int64
		notes          int
	}{
		"less, because the rest was charged back": {
			[]saga.Event{refunded("r1", 1000), failed("r1"), instead("r2", 700)}, 1000, 700, 1},
		"more, because a dispute was won": {
			[]saga.Event{refunded("r1", 600), failed("r1"), instead("r2", 1000)}, 1000, 1000, 2},
		"that fails too, and then less": {
			[]saga.Event{refunded("r1", 600), failed("r1"), instead("r2", 1000), failed("r2"), failed("r2"), instead("r3", 800)},
			1000, 800, 2},
		"also where the invoice has room for more": {
			[]saga.Event{refunded("r1", 300), failed("r1"), instead("r2", 500), failed("r2"), instead("r3", 400)}, 500, 400, 2},
		"another refund has its own": {[]saga.Event{refunded("r1", 600), failed("r1"), refunded("g1", 300)}, 900, 300, 2},
		"also when it is made again": {
			[]saga.Event{refunded("r1", 600), failed("r1"), refunded("g1", 300), instead("r2", 600)}, 900, 900, 2},
		"or pays it, where all is credited": {
			[]saga.Event{refunded("r1", 1000), failed("r1"), refunded("g1", 300), instead("r2", 700)}, 1000, 1000, 1},
		"which may not arrive either": {
			[]saga.Event{refunded("r1", 1000), failed("r1"), refunded("g1", 300), failed("g1"), instead("r2", 1000)}, 1000, 1000, 1},
	} {
		i := after(t, append([]saga.Event{confirmed, captured}, c.heard...)...)
		if i.Credited() != c.credited || i.Paid() != c.paid || len(i.CreditNotes) != c.notes || len(i.Withheld) > 0 {
			t.Errorf("%s: %d credited, %d paid: %+v, withheld %+v", name, i.Credited(), i.Paid(), i.CreditNotes, i.Withheld)
		}
	}
}

func TestWhatAPersonGaveBackHasItsCreditNoteOrThatOfTheRefundThatDidNotArrive(t *testing.T) {
	t.Parallel()
	settled := refund.Settled.Of(refund.SettledV1{SettlementID: "s1", RefundID: "r3", Reason: "returned", Amount: pounds(1000),
		Instead: "r3"})
	failed := refund.Failed.Of(refund.FailedV1{RefundID: "r3", Reason: "card_closed", Amount: pounds(1000)})
	for name, heard := range map[string][]saga.Event{
		"it was refused":     {confirmed, captured, failed, settled, settled},
		"it did not arrive":  {confirmed, captured, refunded("r3", 1000), failed, settled, settled},
		"before the invoice": {failed, settled, settled, captured, confirmed},
	} {
		if i := after(t, heard...); i.Paid() != 1000 || len(i.CreditNotes) != 1 || len(i.Withheld) > 0 {
			t.Errorf("%s: %+v, withheld %+v", name, i.CreditNotes, i.Withheld)
		}
	}
}

func TestACreditNoteHasTheRateOfItsInvoice(t *testing.T) {
	t.Parallel()
	d := event.Document{Number: "INV-2020-000009", IssuedOn: "2020-08-01", Amount: schemas.Money{Amount: 1160, Currency: "EUR"},
		Tax:     160,
		Country: "DE", Category: "S", Rate: 1600, Seller: terms.Seller, Lines: []event.Line{{SKU: "A", Quantity: 1, UnitPrice: 1160,
			Tax: 160}}}
	given := sagatest.Given(t, machine, event.Issued.Of(event.IssuedV1{Document: d}))
	i := given.When(refund.Issued.Of(refund.IssuedV1{RefundID: "r", Amount: d.Amount})).State().(invoice.Invoice)
	if n := i.CreditNotes[0]; n.Rate != 1600 || n.Tax != 160 || n.Country != "DE" {
		t.Errorf("credited %+v", n)
	}
}

// again hears one more event in a state.
func again(t *testing.T, i invoice.Invoice, e saga.Event) invoice.Invoice {
	t.Helper()
	step, err := machine.Hear(i, e, func(e *saga.Event) { machine.Number(e, func(string) int64 { return 1 }) })
	if err != nil {
		t.Fatal(err)
	}
	return step.State.(invoice.Invoice)
}

func TestProductsAreCalledOnADocumentWhatTheyWereCalledThen(t *testing.T) {
	t.Parallel()
	m, at := invoice.Products.Machine(), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	p := m.Blank("TEA")
	for n, text := range []string{"Tea", "Tea", "Green tea"} {
		p = m.Show(p, saga.Event{Type: catalog.ProductListed.Name(), Key: "TEA", Time: at.AddDate(0, n, 0),
			Data: catalog.ProductListedV1{Description: text}})
	}
	tea := p.(invoice.Product)
	for months, want := range map[int]string{-1: "Tea", 0: "Tea", 1: "Tea", 2: "Green tea", 9: "Green tea"} {
		if got := tea.Called(at.AddDate(0, months, 0)); got != want {
			t.Errorf("after %d months it is called %s, want %s", months, got, want)
		}
	}
	if len(tea.Names) != 2 || invoice.BlankProduct("MUG").Called(at) != "MUG" {
		t.Errorf("%+v", tea)
	}
}
