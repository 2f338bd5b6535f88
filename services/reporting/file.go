package reporting

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

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
}

// FileLine is one line of it.
type FileLine struct {
	Order string
	event.SettlementLineReadV1
}

// readOn takes in lines of the file, and asks for more until it is read. If the lines before have changed, it begins again.
func readOn(d Day, f File) (said []saga.Event) {
	switch {
	case f.Refused != "":
		return []saga.Event{event.SettlementRefused.Of(event.SettlementRefusedV1{Reason: f.Refused})}
	case f.Changed:
		return request(d, ReadFile{})
	}
	for _, l := range f.Lines {
		said = append(said, event.SettlementLineRead.About(l.Order, l.SettlementLineReadV1))
	}
	if done := f.Skipped + int64(len(f.Lines)); done < f.Total {
		return append(said, event.SettlementRequested.Of(event.SettlementRequestedV1{Day: d.Day, Skip: done,
			Digest: f.Digest}))
	}
	return append(said, event.SettlementRead.Of(event.SettlementReadV1{Lines: f.Total, Digest: f.Digest, Payout: f.Payout}))
}

func request(d Day, _ ReadFile) []saga.Event {
	return []saga.Event{event.SettlementRequested.Of(event.SettlementRequestedV1{Day: d.Day})}
}

// again asks for another file after one was refused.
func again(d Day, _ event.SettlementRefusedV1) []saga.Event { return request(d, ReadFile{}) }
