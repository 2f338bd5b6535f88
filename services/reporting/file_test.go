package reporting_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	files     = reporting.Settlements.Machine()
	due       = event.SettlementDue.Of(event.SettlementDueV1{})
	requested = request(0, "")
)

func request(skip int64, digest string) saga.Event {
	return event.SettlementRequested.Of(event.SettlementRequestedV1{Day: sagatest.Order, Skip: skip, Digest: digest})
}

func lineOf(order string) reporting.FileLine {
	return reporting.FileLine{Order: order, SettlementLineReadV1: line("txn_"+order, "capture", "au_1", 1530, 41).
		Data.(event.SettlementLineReadV1)}
}

func TestAFileIsReadPageByPageAndEachLineGoesToItsOrder(t *testing.T) {
	t.Parallel()
	first, second := lineOf("a"), lineOf("b")
	payout := []schemas.Money{gbp(2978)}
	closed := event.SettlementRequested.Of(event.SettlementRequestedV1{Day: sagatest.Order, Due: true, Reading: 1})
	sagatest.Given(t, files, requested).When(due).Then(closed).When(due).Then().
		Answered(event.SettlementRequested, reporting.File{Lines: []reporting.FileLine{first}, Total: 2, Digest: "1"}).
		Then(event.SettlementLineRead.About("a", first.SettlementLineReadV1), request(1, "1")).
		Answered(event.SettlementRequested, reporting.File{Skipped: 1, Lines: []reporting.FileLine{second}, Total: 2, Digest: "2",
			Payout: payout}).
		Then(event.SettlementLineRead.About("b", second.SettlementLineReadV1),
			event.SettlementRead.Of(event.SettlementReadV1{Lines: 2, Digest: "2", Payout: payout}))
}

func TestAFileWhoseFirstLinesHaveChangedIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, files, request(500, "1")).Answered(event.SettlementRequested, reporting.File{Changed: true}).Then(requested)
}

func TestOfAFileThatIsRefusedNothingIsTakenAndItIsAskedForAgain(t *testing.T) {
	t.Parallel()
	refused := event.SettlementRefused.Of(event.SettlementRefusedV1{Reason: "line 17: it is cut short"})
	d := sagatest.Given(t, files, requested).
		Answered(event.SettlementRequested, reporting.File{Refused: "line 17: it is cut short"}).Then(refused)
	if s := d.State().(reporting.Settlement); s.Refused == "" || s.ReadAt != "" {
		t.Errorf("it is known as %+v", s)
	}
	again := event.SettlementRequested.Of(event.SettlementRequestedV1{Day: sagatest.Order, Reading: 1})
	d.Expired(refused).Then(again)
	sagatest.Given(t, files, requested).When(reporting.ReadSettlement.Of(reporting.ReadFile{})).Then(again)
}

func TestEachReadingOfAFileIsToldFromThoseBefore(t *testing.T) {
	t.Parallel()
	again := event.SettlementRequested.Of(event.SettlementRequestedV1{Day: sagatest.Order, Reading: 1})
	first, second := lineOf("a"), lineOf("a")
	second.Reading = 1
	d := sagatest.Given(t, files, requested, again).
		Answered(event.SettlementRequested, reporting.File{Lines: []reporting.FileLine{first}, Total: 1, Digest: "1", Reading: 1}).
		Then(event.SettlementLineRead.About("a", second.SettlementLineReadV1),
			event.SettlementRead.Of(event.SettlementReadV1{Lines: 1, Digest: "1", Reading: 1}))
	if s := d.State().(reporting.Settlement); s.Begun != 2 || s.Reading != 1 {
		t.Errorf("it is known as %+v", s)
	}
}
