package reporting_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// parcelCaptured is the capture of a parcel, of the one authorisation of its order.
func parcelCaptured(id string, amount int64, day int) saga.Event {
	e := with(payment.Captured.Of(payment.CapturedV1{Reference: "au_1", Amount: gbp(amount), ShipmentID: "s" + id}), id)
	e.Time = time.Date(1970, 1, day, 0, 0, 0, 0, time.UTC)
	return e
}

func through(day string) saga.Event {
	return reporting.ReportMissing.Of(reporting.Missing{Through: day})
}

// books is the journal of one order, which hears events at their own times.
type books struct {
	*testing.T
	state any
	n     int
}

func open(t *testing.T) *books { return &books{T: t, state: machine.Blank(sagatest.Order)} }

// found are the discrepancies told and resolved while the events are heard.
func (b *books) found(events ...saga.Event) (told []event.DiscrepancyFoundV1, resolved int) {
	b.Helper()
	for _, e := range events {
		e.Key, e.Saga = sagatest.Order, sagatest.Order
		step, err := machine.Hear(b.state, e, func(said *saga.Event) {
			b.n++
			said.ID, said.Time = fmt.Sprint("said-", b.n), e.Time
		})
		if err != nil {
			b.Fatal(err)
		}
		b.state = step.State
		for _, said := range step.Emitted {
			switch x := said.Data.(type) {
			case event.DiscrepancyFoundV1:
				told = append(told, x)
			case event.DiscrepancyResolvedV1:
				resolved++
			}
		}
	}
	return told, resolved
}

func TestTheCapturesOfParcelsAreSettledOneByOneAndNoneIsADiscrepancyBeforeItsFile(t *testing.T) {
	t.Parallel()
	first, second := parcelCaptured("c1", 500, 1), parcelCaptured("c2", 445, 2)
	one, other := line("txn_1", "capture", "au_1", 500, 20), line("txn_2", "capture", "au_1", 445, 18)
	for name, heard := range map[string][]saga.Event{
		"the second is taken before the first file":    {first, second, one, through("1970-01-01"), other, through("1970-01-02")},
		"the second is taken between the files":        {first, one, through("1970-01-01"), second, other, through("1970-01-02")},
		"the files come in the other order":            {first, second, other, one, through("1970-01-02")},
		"one file has both":                            {first, second, one, other, through("1970-01-02")},
		"one is for as much, and taken on another day": {first, parcelCaptured("c2", 500, 2), one, through("1970-01-01")},
	} {
		b := open(t)
		told, _ := b.found(heard...)
		if len(told) > 0 {
			t.Errorf("%s: told of %+v", name, told)
		}
		if name == "one is for as much, and taken on another day" {
			continue
		}
		if bank, left := booked(b.state, reporting.Bank), clearing(b.state); bank != 945-38 || left != 0 {
			t.Errorf("%s: %d in the bank, %d left with the gateway", name, bank, left)
		}
	}
}

func TestWhatIsPaidOutForOneParcelIsBookedBeforeTheOthers(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine).When(parcelCaptured("c1", 500, 1)).When(parcelCaptured("c2", 445, 2)).
		When(line("txn_1", "capture", "au_1", 500, 20))
	if bank, left := booked(d.State(), reporting.Bank), clearing(d.State()); bank != 480 || left != 445 {
		t.Errorf("%d in the bank, %d left with the gateway", bank, left)
	}
}

func TestACaptureOfOneParcelThatNoFileHasIsADiscrepancyOnceTheFilesOfItsDayWereRead(t *testing.T) {
	t.Parallel()
	b := open(t)
	start := []saga.Event{parcelCaptured("c1", 500, 1), parcelCaptured("c2", 445, 2), line("txn_1", "capture", "au_1", 500, 20)}
	if told, _ := b.found(append(start, through("1970-01-01"))...); len(told) > 0 {
		t.Fatalf("told of %+v", told)
	}
	told, _ := b.found(through("1970-01-02"), through("1970-01-03"))
	if len(told) != 1 || told[0].Booked != 945 || told[0].Settled != 500 || told[0].Day != "1970-01-02" {
		t.Fatalf("told of %+v", told)
	}
	if told, resolved := b.found(line("txn_2", "capture", "au_1", 445, 18)); len(told) > 0 || resolved != 1 {
		t.Errorf("told of %+v, %d resolved", told, resolved)
	}
}

func TestALineOverAnotherAmountThanAnyParcelsIsADiscrepancyAtOnce(t *testing.T) {
	t.Parallel()
	told, _ := open(t).found(parcelCaptured("c1", 500, 1), parcelCaptured("c2", 445, 2), line("txn_1", "capture", "au_1", 499, 20))
	if len(told) != 1 || told[0].Settled != 499 {
		t.Errorf("told of %+v", told)
	}
}

func TestALineOfAParcelThatVanishesAfterItWasPaidOutIsADiscrepancyAtOnce(t *testing.T) {
	t.Parallel()
	second := line("txn_2", "capture", "au_1", 445, 18)
	read := second.Data.(event.SettlementLineReadV1)
	read.Day, read.Reading = "1970-01-02", 0
	second.Data = read
	told, _ := open(t).found(parcelCaptured("c1", 500, 1), parcelCaptured("c2", 445, 2),
		line("txn_1", "capture", "au_1", 500, 20), second,
		reporting.ReportVanished.Of(reporting.Vanished{Day: "1970-01-02", Reading: 1}))
	if len(told) != 1 || told[0].Booked != 945 || told[0].Settled != 500 {
		t.Errorf("told of %+v", told)
	}
}

func TestTheTaxOfEachParcelsInvoiceIsBooked(t *testing.T) {
	t.Parallel()
	issued := func(id, number string, tax int64) saga.Event {
		return with(invoice.Issued.Of(invoice.IssuedV1{Document: invoice.Document{Number: number, Tax: tax, Amount: gbp(500)},
			ShipmentID: "s" + id}), id)
	}
	d := sagatest.Given(t, machine).When(issued("i1", "INV-1", 83)).When(issued("i2", "INV-2", 74)).When(issued("i1", "INV-1", 83))
	if tax := booked(d.State(), reporting.Tax); tax != -157 {
		t.Errorf("the tax is %d", tax)
	}
}
