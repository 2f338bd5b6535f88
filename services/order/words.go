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
	if had := pieces(o.Lines); had < ordered {
		return fmt.Sprintf("Your order is confirmed: %d of %d pieces, for %s.", had, ordered, amount(o.Total))
	}
	return "Your order is confirmed, for " + amount(o.Total) + "."
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

// decimals are the minor-unit digits of ISO 4217, for currencies that do not have two.
var decimals = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// amount is money as a person reads it: "15.30 GBP".
func amount(m schemas.Money) string {
	n, known := decimals[m.Currency]
	if !known {
		n = 2
	}
	if n == 0 {
		return fmt.Sprintf("%d %s", m.Amount, m.Currency)
	}
	sign, minor := "", m.Amount
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := fmt.Sprintf("%0*d", n+1, minor)
	point := len(digits) - n
	return sign + digits[:point] + "." + digits[point:] + " " + m.Currency
}

// plain turns a stable word into text.
func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }
