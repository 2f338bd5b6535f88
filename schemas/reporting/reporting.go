// Package reporting holds the events of the reporting service: the journal, the business days and the reconciliation with the
// gateway's settlement files.
package reporting

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	EntryPosted         = saga.Define[EntryPostedV1]("reporting.entry_posted.v1")
	EntryDated          = saga.Define[EntryDatedV1]("reporting.entry_dated.v1").Keyed(schemas.KeyDay)
	LineSettled         = saga.Define[LineSettledV1]("reporting.line_settled.v1")
	LinesVanished       = saga.Define[LinesVanishedV1]("reporting.lines_vanished.v1")
	SettlementMissed    = saga.Define[SettlementMissedV1]("reporting.settlement_missed.v1")
	DiscrepancyFound    = saga.Define[DiscrepancyFoundV1]("reporting.discrepancy_found.v1")
	DiscrepancyResolved = saga.Define[DiscrepancyResolvedV1]("reporting.discrepancy_resolved.v1")

	DayDue       = saga.Define[DayDueV1]("reporting.day_due.v1").Keyed(schemas.KeyDay)
	DayOpened    = saga.Define[DayOpenedV1]("reporting.day_opened.v1").Keyed(schemas.KeyDay)
	EntryCounted = saga.Define[EntryCountedV1]("reporting.entry_counted.v1").Keyed(schemas.KeyDay)
	LateDeferred = saga.Define[LateDeferredV1]("reporting.late_deferred.v1").Keyed(schemas.KeyDay)
	LateCarried  = saga.Define[LateCarriedV1]("reporting.late_carried.v1").Keyed(schemas.KeyDay)
	LateCounted  = saga.Define[LateCountedV1]("reporting.late_counted.v1").Keyed(schemas.KeyDay)
	DayClosed    = saga.Define[DayClosedV1]("reporting.day_closed.v1").Keyed(schemas.KeyDay)

	SettlementDue       = saga.Define[SettlementDueV1]("reporting.settlement_due.v1").Keyed(schemas.KeySettlement)
	SettlementRequested = saga.Define[SettlementRequestedV1]("reporting.settlement_requested.v1").Keyed(schemas.KeySettlement)
	SettlementLineRead  = saga.Define[SettlementLineReadV1]("reporting.settlement_line_read.v1")
	SettlementRead      = saga.Define[SettlementReadV1]("reporting.settlement_read.v1").Keyed(schemas.KeySettlement)
	SettlementRefused   = saga.Define[SettlementRefusedV1]("reporting.settlement_refused.v1").Keyed(schemas.KeySettlement)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	EntryPosted, EntryDated, LineSettled, LinesVanished, SettlementMissed, DiscrepancyFound, DiscrepancyResolved,
	DayDue, DayOpened, EntryCounted, LateDeferred, LateCarried, LateCounted, DayClosed,
	SettlementDue, SettlementRequested, SettlementLineRead, SettlementRead, SettlementRefused,
}

// Transfer moves an amount from the account that is credited to the one that is debited.
type Transfer struct {
	Debit  string        `json:"debit" schema:"min=1" example:"gateway_clearing"`
	Credit string        `json:"credit" schema:"min=1" example:"customers"`
	Amount schemas.Money `json:"amount"`
}

// Total is what was debited and credited to one account in one currency.
type Total struct {
	Currency string `json:"currency" schema:"pattern=^[A-Z]{3}$"`
	Account  string `json:"account" schema:"min=1" example:"revenue"`
	Debits   int64  `json:"debits" schema:"min=0" example:"0"`
	Credits  int64  `json:"credits" schema:"min=0" example:"1530"`
}

// EntryPostedV1: money moved, and the journal has it.
type EntryPostedV1 struct {
	EntryID     string     `json:"entry_id" schema:"min=1" example:"019e5a3e-5d20-7a0b-8c1d-2e3f4a5b6008"` // of the event recorded
	Movement    string     `json:"movement" schema:"min=1" example:"capture"`
	Reference   string     `json:"reference" schema:"min=1"`                   // of the authorisation, refund or dispute
	Transaction string     `json:"transaction,omitempty" example:"txn_42"`     // with settled: the gateway's id of the line
	HappenedAt  string     `json:"happened_at" example:"2026-03-01T09:30:04Z"` // when the event was decided
	Day         string     `json:"day" schema:"pattern=^\\d{4}-\\d{2}-\\d{2}$" example:"2026-03-01"`
	Transfers   []Transfer `json:"transfers" schema:"min=1"`
}

// EntryDatedV1: an entry belongs to the business day.
type EntryDatedV1 struct {
	EntryID   string     `json:"entry_id" schema:"min=1" example:"019e5a3e-5d20-7a0b-8c1d-2e3f4a5b6008"`
	OrderID   string     `json:"order_id"`
	Transfers []Transfer `json:"transfers" schema:"min=1"`
}

// LineSettledV1: the gateway accounted for a movement. A line that is read again with other values replaces itself.
type LineSettledV1 struct {
	Transaction string        `json:"transaction" schema:"min=1" example:"txn_42"`
	Movement    string        `json:"movement" schema:"min=1" example:"capture"`
	Reference   string        `json:"reference" schema:"min=1"`
	Gross       schemas.Money `json:"gross"`                                   // negative where the gateway took it from the shop
	Fee         int64         `json:"fee" example:"41"`                        // in the same currency
	Day         string        `json:"day" schema:"min=1" example:"2026-03-01"` // of the settlement file
	Reading     int64         `json:"reading,omitempty" example:"1"`           // how often the file was read before
}

// LinesVanishedV1: the settlement file of the day was read again, and has no more lines about the order that an earlier reading
// had.
type LinesVanishedV1 struct {
	Day     string `json:"day" schema:"min=1" example:"2026-03-01"`
	Reading int64  `json:"reading" schema:"min=1" example:"1"` // those of earlier ones are gone
}

// SettlementMissedV1: the files of the days up to this one were read, and a movement was in none.
type SettlementMissedV1 struct {
	Through string `json:"through" schema:"min=1" example:"2026-03-01"`
}

// DiscrepancyFoundV1: the journal and the gateway's settlement differ.
type DiscrepancyFoundV1 struct {
	Movement  string `json:"movement" schema:"min=1" example:"capture"`
	Reference string `json:"reference" schema:"min=1"`
	Currency  string `json:"currency" schema:"pattern=^[A-Z]{3}$"`
	Booked    int64  `json:"booked" example:"1530"`  // by the journal; 0: it knows nothing of it
	Settled   int64  `json:"settled" example:"1430"` // by the gateway; 0: no file had it
	Day       string `json:"day" schema:"min=1" example:"2026-03-01"`
}

// DiscrepancyResolvedV1: they agree again.
type DiscrepancyResolvedV1 struct {
	Movement  string `json:"movement" schema:"min=1" example:"capture"`
	Reference string `json:"reference" schema:"min=1"`
	Currency  string `json:"currency" schema:"pattern=^[A-Z]{3}$"`
	Booked    int64  `json:"booked" example:"1530"`
}

// DayDueV1: the day before was closed; this one is opened now. It is the event from which each day follows on the last one.
type DayDueV1 struct {
	From string `json:"from" example:"2026-03-02T00:00:00Z"` // when that was
}

// DayOpenedV1: the business day takes in entries until it is closed.
type DayOpenedV1 struct {
	Zone   string `json:"zone" schema:"min=1" example:"Europe/London"`
	Begins string `json:"begins" example:"2026-03-01T00:00:00Z"`
	Ends   string `json:"ends" example:"2026-03-02T00:00:00Z"`
	Closes string `json:"closes" example:"2026-03-02T00:10:00Z"` // later, so that events on their way are of the day
}

// EntryCountedV1: the entry is in the day's report.
type EntryCountedV1 struct {
	Transfers []Transfer `json:"transfers" schema:"min=1"`
}

// LateDeferredV1: entries came after their day was closed, and go to the next one.
type LateDeferredV1 struct {
	Entries int64   `json:"entries" schema:"min=1" example:"1"`
	Totals  []Total `json:"totals"`
	Carried bool    `json:"carried,omitempty" example:"false"` // they came from the day before, for the same reason
}

// LateCarriedV1: all that the day before, closed already, has passed on to this day so far.
type LateCarriedV1 struct {
	From    string  `json:"from" schema:"min=1" example:"2026-03-01"`
	Entries int64   `json:"entries" schema:"min=1" example:"1"`
	Totals  []Total `json:"totals"`
	At      string  `json:"at" example:"2026-03-02T00:12:31Z"`
}

// LateCountedV1: entries of earlier days are in this day's report.
type LateCountedV1 struct {
	From    string  `json:"from" schema:"min=1" example:"2026-03-01"`
	Entries int64   `json:"entries" schema:"min=1" example:"1"`
	Totals  []Total `json:"totals"`
}

// DayClosedV1 is the day's report. It does not change any more.
type DayClosedV1 struct {
	Zone        string  `json:"zone" schema:"min=1" example:"Europe/London"`
	Ends        string  `json:"ends" example:"2026-03-02T00:00:00Z"`
	Entries     int64   `json:"entries" schema:"min=0" example:"1"`
	LateEntries int64   `json:"late_entries" schema:"min=0" example:"0"` // of Entries: those of earlier days
	Totals      []Total `json:"totals"`
}

// SettlementDueV1: the day is closed, so that there is a settlement file of it, or soon will be.
type SettlementDueV1 struct{}

// SettlementRequestedV1 asks for the gateway's settlement file of the day.
type SettlementRequestedV1 struct {
	Day    string `json:"day" schema:"min=1" example:"2026-03-01"`
	Due    bool   `json:"due,omitempty" example:"true"`         // the day is closed; else an operator asks
	Skip   int64  `json:"skip" schema:"min=0" example:"0"`      // lines that are read already
	Digest string `json:"digest,omitempty" example:"9f86d0818"` // of the file that they were read from

	Reading int64 `json:"reading,omitempty" example:"1"` // how often it was begun before
}

// SettlementLineReadV1: the gateway's file has this line about the order.
type SettlementLineReadV1 struct {
	Transaction string        `json:"transaction" schema:"min=1" example:"txn_42"`
	Movement    string        `json:"movement" schema:"min=1" example:"capture"`
	Reference   string        `json:"reference" schema:"min=1"`
	Gross       schemas.Money `json:"gross"`
	Fee         int64         `json:"fee" example:"41"`
	Day         string        `json:"day" schema:"min=1" example:"2026-03-01"`
	Reading     int64         `json:"reading,omitempty" example:"1"` // how often the file was read before
}

// SettlementReadV1: the whole file was read.
type SettlementReadV1 struct {
	Lines  int64           `json:"lines" schema:"min=0" example:"1"`
	Digest string          `json:"digest" schema:"min=1" example:"9f86d0818"`
	Payout []schemas.Money `json:"payout"` // what the gateway pays for the day, less its fees

	Reading int64 `json:"reading,omitempty" example:"1"` // how often the file was read before
}

// SettlementRefusedV1: the file is not whole, or not readable, and nothing was taken from it. It is asked for again.
type SettlementRefusedV1 struct {
	Reason string `json:"reason" schema:"min=1" example:"line 17: the file ends without its trailer"`
}
