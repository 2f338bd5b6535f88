package order

import (
	"fmt"
	"strings"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// because has, by reason, the text that tells the customer why an order is cancelled.
var because = map[string]string{
	fraudSuspected:  "we could not accept it",
	outOfStock:      "the goods are out of stock",
	paymentDeclined: "the payment was declined",
	paymentUnknown:  "the payment could not be settled in time",
	paymentExpired:  "it was not paid in time",
	captureFailed:   "the payment could not be taken",
	noCarrier:       "no carrier delivers to your address",
	shortPicked:     "goods were missing in the warehouse",
	timedOut:        "it took us too long",
	notDispatched:   "we did not get it on its way in time",
	customerRequest: "you asked for it",
	shopRequest:     "we cannot carry it out",
}

const returnedText = "Everything came back, and you got the money for it."

// say is the event that tells the customer the status of the order.
func say(s Status, reason, text string, next *event.Next) saga.Event {
	return event.StatusChanged.Of(event.StatusChangedV1{Status: string(s), Reason: reason, Text: text, Next: next, Final: s.Final()})
}

func confirmedText(o Order) string {
	var ordered int64
	for _, l := range o.Ordered {
		ordered += l.Quantity
	}
	if had := schemas.Pieces(o.Lines); had < ordered {
		return fmt.Sprintf("Your order is confirmed: %d of %d pieces, for %s.", had, ordered, amount(o.Total))
	}
	return "Your order is confirmed, for " + amount(o.Total) + "."
}

// countOf names goods by their number: "1 piece", "3 pieces".
func countOf(lines []schemas.Allocation) string {
	if n := schemas.Pieces(lines); n != 1 {
		return fmt.Sprintf("%d pieces", n)
	}
	return "1 piece"
}

// giveUpAt is when an order whose back-order ends then must be confirmed; the zero time if the text is no time.
func giveUpAt(until string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, until)
	if err != nil {
		return time.Time{}
	}
	return at.Add(arrangeWithin)
}

// day is the day of a time, in UTC, as a person reads it.
func day(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return at.UTC().Format("2 January 2006")
}

// amount is money as a person reads it.
func amount(m schemas.Money) string { return m.Text() }

// plain turns a stable word into text.
func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }
