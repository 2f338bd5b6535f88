package reporting

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

// Settlement is what is known of the gateway's settlement file of a day.
type Settlement struct {
	Day     string
	Asked   bool   // for it, at least once
	Due     bool   // it was asked for because the day was closed
	ReadAt  string // empty as long as no file is read
	Lines   int64
	Digest  string
	Payout  []schemas.Money
	Refused string // why the last one was refused
	Begun   int64  // how often it was asked for, from its first line
	Reading int64  // of the file that is read: how often it was begun before
}

// BlankSettlement is the settlement of a day of which no file was asked for.
func BlankSettlement(day string) Settlement { return Settlement{Day: day} }

// EvolveSettlement folds the service's own events about a settlement file.
func EvolveSettlement(s Settlement, e saga.Event) Settlement {
	switch x := e.Data.(type) {
	case event.SettlementRequestedV1:
		s.Asked, s.Due = true, s.Due || x.Due
		if x.Skip == 0 {
			s.Begun++
		}
	case event.SettlementRefusedV1:
		s.Refused = x.Reason
	case event.SettlementReadV1:
		s = Settlement{Day: s.Day, Asked: true, Due: s.Due, ReadAt: Written(e.Time), Lines: x.Lines, Digest: x.Digest, Payout: x.Payout,
			Begun: s.Begun, Reading: x.Reading}
	}
	return s
}

// PageLines is how many lines of a settlement file are taken in at once.
const PageLines = 500

// File is the answer to the request for a settlement file: its next lines.
type File struct {
	Refused string // why nothing is taken from it
	Skipped int64
	Lines   []FileLine
	Total   int64  // lines of the whole file
	Digest  string // of the file up to the last of Lines
	Changed bool   // the lines that were skipped are others than those that were read
	Payout  []schemas.Money
	Reading int64 // of the request
}

// FileLine is one line of it.
type FileLine struct {
	Order string
	event.SettlementLineReadV1
}

// readOn takes in lines of the file, and asks for more until it is read. If the lines before have changed, it begins again.
func readOn(s Settlement, f File) (said []saga.Event) {
	switch {
	case f.Refused != "":
		return []saga.Event{event.SettlementRefused.Of(event.SettlementRefusedV1{Reason: f.Refused})}
	case f.Changed:
		return request(s, ReadFile{})
	}
	for _, l := range f.Lines {
		l.Reading = f.Reading
		said = append(said, event.SettlementLineRead.About(l.Order, l.SettlementLineReadV1))
	}
	if done := f.Skipped + int64(len(f.Lines)); done < f.Total {
		return append(said, event.SettlementRequested.Of(event.SettlementRequestedV1{Day: s.Day, Skip: done,
			Digest: f.Digest, Reading: f.Reading}))
	}
	return append(said, event.SettlementRead.Of(event.SettlementReadV1{Lines: f.Total, Digest: f.Digest, Payout: f.Payout,
		Reading: f.Reading}))
}

func request(s Settlement, _ ReadFile) []saga.Event {
	return []saga.Event{event.SettlementRequested.Of(event.SettlementRequestedV1{Day: s.Day, Reading: s.Begun})}
}

func due(s Settlement, _ event.SettlementDueV1) []saga.Event {
	if s.Due {
		return nil
	}
	return []saga.Event{event.SettlementRequested.Of(event.SettlementRequestedV1{Day: s.Day, Due: true,
		Reading: s.Begun})}
}

// again asks for another file after one was refused.
func again(s Settlement, _ event.SettlementRefusedV1) []saga.Event { return request(s, ReadFile{}) }
