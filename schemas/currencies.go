package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// currencies are the codes of ISO 4217 of money that people pay with.
var currencies = strings.Fields(`
	AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
	CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
	IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
	MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
	SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV
	WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
`)

// KnownCurrency tells whether the code is such a currency.
func KnownCurrency(code string) bool {
	_, known := slices.BinarySearch(currencies, code)
	return known
}

// decimals are the minor-unit digits of ISO 4217, for currencies that do not have two.
var decimals = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0,
	"VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// Decimals is how many digits the minor unit of a currency has: 2 for GBP, 0 for JPY.
func Decimals(currency string) int {
	if n, other := decimals[currency]; other {
		return n
	}
	return 2
}

// Text is the amount as a person reads it: "15.30 GBP".
func (m Money) Text() string {
	n := Decimals(m.Currency)
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
