package carrier

import (
	"cmp"
	"slices"
	"strings"

	"orderflow.example/schemas"
)

// zone is a country's distance class.
type zone int

const (
	domestic zone = iota
	europe
	world
	nowhere
)

const europeans = "AT BE BG CH CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE SI SK"

// zoneOf returns the zone of an ISO 3166 code.
func zoneOf(country string) zone {
	switch {
	case !schemas.DeliveredTo(country):
		return nowhere
	case country == "GB":
		return domestic
	case slices.Contains(strings.Fields(europeans), country):
		return europe
	}
	return world
}

// Rate is a carrier's price for a parcel, in pence.
type Rate struct {
	Carrier  string `json:"carrier"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`

	prefix string
}

type tariff struct {
	carrier, prefix string
	pieces          int64            // at most; 0 is any number
	base            map[zone]int64   // absent: not served
	each            map[zone]float64 // per piece
}

var tariffs = []tariff{
	{"Albion Post", "AP", 50, map[zone]int64{domestic: 349, europe: 1195, world: 1495},
		map[zone]float64{domestic: 2, europe: 12, world: 30}},
	{"Continental Parcel", "CP", 500, map[zone]int64{domestic: 495, europe: 995}, map[zone]float64{domestic: 1.5, europe: 8}},
	{"Meridian Express", "ME", 0, map[zone]int64{domestic: 895, europe: 1695, world: 1995},
		map[zone]float64{domestic: 1, europe: 6, world: 20}},
}

// rates returns the rates of the carriers that take so many pieces to the country, cheapest first.
func rates(country string, pieces int64) []Rate {
	found := []Rate{}
	z := zoneOf(country)
	for _, t := range tariffs {
		base, goes := t.base[z]
		if goes && (t.pieces == 0 || pieces <= t.pieces) {
			found = append(found, Rate{t.carrier, base + int64(t.each[z]*float64(pieces)), "GBP", t.prefix})
		}
	}
	slices.SortStableFunc(found, func(a, b Rate) int { return cmp.Compare(a.Amount, b.Amount) })
	return found
}
