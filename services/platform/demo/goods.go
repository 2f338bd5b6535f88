package demo

import "strings"

// noGoods are the codes of postage, fees, discounts and corrections.
var noGoods = map[string]bool{
	"POST": true, "DOT": true, "C2": true, // postage and carriage
	"M": true, "D": true, "S": true, "B": true, // manual, discount, samples, bad debt
	"PADS": true, "CRUK": true, "AMAZONFEE": true, "BANK CHARGES": true,
}

// isGoods reports whether a stock code, in capitals, is of goods that can be sent.
func isGoods(code string) bool {
	return !noGoods[code] && !strings.HasPrefix(code, "GIFT_") && !strings.HasPrefix(code, "ADJUST") &&
		!strings.HasPrefix(code, "TEST")
}

// countries maps the file's country names, in lower case, to ISO 3166 codes. The Channel Islands have two; most of their
// people live in Jersey.
var countries = map[string]string{
	"united kingdom": "GB", "great britain": "GB", "england": "GB", "uk": "GB", "eire": "IE", "ireland": "IE",
	"channel islands": "JE",
	"australia":       "AU", "austria": "AT", "bahrain": "BH", "belgium": "BE", "brazil": "BR", "canada": "CA", "cyprus": "CY",
	"czech republic": "CZ", "czechia": "CZ", "denmark": "DK", "finland": "FI", "france": "FR", "germany": "DE", "greece": "GR",
	"hong kong": "HK", "iceland": "IS", "israel": "IL", "italy": "IT", "japan": "JP", "korea": "KR", "lebanon": "LB",
	"lithuania": "LT", "malta": "MT", "netherlands": "NL", "nigeria": "NG", "norway": "NO", "poland": "PL", "portugal": "PT",
	"rsa": "ZA", "south africa": "ZA", "saudi arabia": "SA", "singapore": "SG", "spain": "ES", "sweden": "SE", "switzerland": "CH",
	"thailand": "TH", "united arab emirates": "AE", "usa": "US", "united states": "US", "united states of america": "US",
	"bermuda": "BM",
}

const euro = "EUR"

// euroCountries are the countries that paid in euros in 2011.
var euroCountries = map[string]bool{"AT": true, "BE": true, "CY": true, "DE": true, "ES": true, "FI": true, "FR": true,
	"GR": true, "IE": true, "IT": true, "MT": true, "NL": true, "PT": true}

// country returns the code of a name, in any spelling of it; empty if there is none.
func country(name string) string {
	if code := countries[name]; code != "" {
		return code
	}
	return countries[strings.ToLower(strings.Join(strings.Fields(name), " "))]
}
