package stripe

import "strings"

// Amount is an amount in minor units of ISO 4217 as Stripe takes it; false if Stripe cannot take it. Its units differ from
// the standard's for a few currencies: https://docs.stripe.com/currencies, special cases.
func Amount(minor int64, currency string) (int64, bool) {
	switch currency {
	case "ISK": // without decimals, sent with two
		return minor * 100, minor*100/100 == minor
	case "MGA": // with two decimals, sent without
		return minor / 100, minor%100 == 0
	case "BHD", "JOD", "KWD", "OMR", "TND": // the third decimal must be 0
		return minor, minor%10 == 0
	case "UGX": // its pages say both: with decimals, and without
		return 0, false
	}
	return minor, true
}

// Minor is an amount of Stripe's in minor units of ISO 4217; false if it is not a whole number of them.
func Minor(amount int64, currency string) (int64, bool) {
	switch currency {
	case "ISK":
		return amount / 100, amount%100 == 0
	case "MGA":
		return amount * 100, amount*100/100 == amount
	case "UGX":
		return 0, false
	}
	return amount, true
}

// Currency is a code of ISO 4217 as Stripe writes it.
func Currency(code string) string { return strings.ToLower(code) }
