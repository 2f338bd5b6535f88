package reporting

import (
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

const (
	settlementWithin = 24 * time.Hour // after the end of a day operators see its file as overdue
	refusedAgain     = time.Hour      // a file that is not whole is asked for again
)

// Choreography is the journal: everything the service does about an order.
func (c Calendar) Choreography() saga.Choreography[Account] {
	return saga.Choreography[Account]{
		Service: "reporting",
		Key:     saga.Order,
		Blank:   Blank,
		Evolve:  Evolve,
		Final:   []saga.Kind{event.DiscrepancyFound, event.DiscrepancyResolved},
		Rows: []saga.Row{
			saga.OnEvent(payment.Captured, c.captured, event.EntryPosted),
			saga.OnEvent(refund.Issued, c.refunded, event.EntryPosted),
			saga.OnEvent(refund.Settled, c.paidOutside, event.EntryPosted),
			saga.OnEvent(payment.ChargedBack, c.chargedBack, event.EntryPosted),
			saga.OnEvent(payment.ChargebackReversed, c.chargebackReversed, event.EntryPosted),
			saga.OnEvent(payment.RefundReversed, c.refundReversed, event.EntryPosted),
			saga.OnEvent(invoice.Issued, c.invoiced, event.EntryPosted),
			saga.OnEvent(invoice.CreditNoteIssued, c.credited, event.EntryPosted),
			saga.OnEvent(event.EntryPosted, c.entered,
				event.EntryDated, event.EntryPosted, event.DiscrepancyFound, event.DiscrepancyResolved),

			saga.On(event.SettlementLineRead, line, event.LineSettled),
			saga.OnEvent(event.LineSettled, c.settled, event.EntryPosted, event.DiscrepancyFound, event.DiscrepancyResolved),
			saga.On(ReportVanished, vanish, event.LinesVanished),
			saga.OnEvent(event.LinesVanished, c.vanished, event.DiscrepancyFound, event.DiscrepancyResolved, event.EntryPosted),
			saga.On(ReportMissing, miss, event.SettlementMissed),
			saga.On(event.SettlementMissed, missed, event.DiscrepancyFound),
		},
	}
}

// Days is everything the service does about a business day. Each day that is closed begins the next.
func (c Calendar) Days() saga.Choreography[Day] {
	return saga.Choreography[Day]{
		Service: "reporting",
		Key:     schemas.KeyDay,
		Blank:   BlankDay,
		Evolve:  EvolveDay,
		Final:   []saga.Kind{event.EntryCounted, event.LateDeferred, event.LateCounted, event.DayClosed},
		Rows: []saga.Row{
			saga.OnEvent(event.EntryDated, c.count, event.DayOpened, event.EntryCounted, event.LateDeferred, event.LateCarried),
			saga.At(event.DayDue, func(d event.DayDueV1) time.Time { return moment(d.From) }, c.openDue, event.DayOpened),
			saga.At(event.DayOpened, func(d event.DayOpenedV1) time.Time { return moment(d.Closes) }, c.closeDay,
				event.DayClosed, event.DayDue, event.SettlementDue).Settled(event.DayClosed),
			saga.At(event.LateCarried, func(d event.LateCarriedV1) time.Time { return moment(d.At) }, c.take,
				event.DayOpened, event.LateCounted, event.LateDeferred, event.LateCarried),
		},
	}
}

// Settlements is everything the service does about the settlement file of a day.
var Settlements = saga.Choreography[Settlement]{
	Service: "reporting",
	Key:     schemas.KeySettlement,
	Blank:   BlankSettlement,
	Evolve:  EvolveSettlement,
	Final:   []saga.Kind{event.SettlementRead},
	Rows: []saga.Row{
		saga.On(event.SettlementDue, due, event.SettlementRequested),
		saga.On(ReadSettlement, request, event.SettlementRequested),
		saga.Call(event.SettlementRequested, GetSettlement, readOn, event.SettlementLineRead, event.SettlementRequested,
			event.SettlementRead, event.SettlementRefused).UntilAnswered(settlementWithin),
		saga.After(refusedAgain, event.SettlementRefused, again, event.SettlementRequested).Settled(event.SettlementRead),
	},
}

// GetSettlement asks the gateway for the settlement file of the day that the request is about.
var GetSettlement = saga.Ask[event.SettlementRequestedV1, File]("gateway.settlement")

// The commands.
var (
	ReadSettlement = saga.Command[ReadFile]("read_settlement") // of an operator: read the day's file again
	ReportMissing  = saga.Command[Missing]("report_missing")   // of the service itself, see package app
	ReportVanished = saga.Command[Vanished]("report_vanished") // likewise
)

// ReadFile has no fields.
type ReadFile struct{}

// Missing tells that the settlement files of the days up to this one were read.
type Missing struct{ Through string }

// Vanished tells that lines of a day's file that earlier readings had are not in this one.
type Vanished struct {
	Day     string
	Reading int64
}
