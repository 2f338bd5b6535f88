package invoice

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/schemas"
)

// Rate is a country's tax from a day to a day, both included.
type Rate struct {
	Category    string // UNCL 5305: S standard, Z zero rated, E exempt, G export
	Percent     int64  // hundredths of a percent
	From, Until string // days as 2006-01-02; empty: always
	line        int
}

// Rates are the taxes by country, each without gap. Those of everywhere are for the countries that are not listed.
type Rates map[string][]Rate

// everywhere is the country of the rates for all that are not listed.
const everywhere = "*"

var columns = []string{"country", "category", "percent", "from", "until"}

// On is the rate of a country on the day of that time, in UTC.
func (r Rates) On(country string, at time.Time) Rate {
	periods, listed := r[country]
	if !listed {
		periods = r[everywhere]
	}
	day := at.UTC().Format(time.DateOnly)
	for _, p := range periods {
		if p.Until == "" || day <= p.Until {
			return p
		}
	}
	return Rate{} // cannot happen: the last period of rates that were read has no end
}

// ReadRates reads rates as CSV. An error names each faulty line of the file and what is wrong with it; then there are no rates.
func ReadRates(file io.Reader, name string) (Rates, error) {
	read := csv.NewReader(file)
	read.Comment, read.TrimLeadingSpace, read.FieldsPerRecord = '#', true, len(columns)
	rates := Rates{}
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s line %d: %s", name, line, fmt.Sprintf(format, args...)))
	}
	for first := true; ; first = false {
		fields, err := read.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w; want the columns %s", name, err, strings.Join(columns, ","))
		}
		line, _ := read.FieldPos(0)
		if first {
			if !slices.Equal(fields, columns) {
				return nil, fmt.Errorf("%s line %d: want the columns %s", name, line, strings.Join(columns, ","))
			}
			continue
		}
		rate, err := readRate(fields)
		if err != nil {
			fault(line, "%v", err)
			continue
		}
		rate.line = line
		rates[fields[0]] = append(rates[fields[0]], rate)
	}
	for country, periods := range rates {
		slices.SortStableFunc(periods, func(a, b Rate) int { return strings.Compare(a.From, b.From) })
		rates.check(country, fault)
	}
	if missing := rates.missing(); missing != "" {
		faults = append(faults, fmt.Errorf("%s: no rate for %s, nor for %s, the countries not listed", name, missing, everywhere))
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(faults...)
	}
	return rates, nil
}

func readRate(fields []string) (r Rate, err error) {
	r = Rate{Category: fields[1], From: fields[3], Until: fields[4]}
	r.Percent, err = hundredths(fields[2])
	switch {
	case fields[0] != everywhere && !schemas.KnownCountry(fields[0]):
		return r, fmt.Errorf("%q is no country of ISO 3166-1", fields[0])
	case !slices.Contains([]string{"S", "Z", "E", "G"}, r.Category):
		return r, fmt.Errorf("category %q: want S, Z, E or G", r.Category)
	case err != nil:
		return r, err
	case (r.Category == "S") != (r.Percent > 0):
		return r, fmt.Errorf("category %s at %s percent: S has a rate above 0, the others 0", r.Category, fields[2])
	}
	for _, day := range []string{r.From, r.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return r, fmt.Errorf("%q is no day: want 2026-01-31, or nothing for no limit", day)
		}
	}
	if r.Until != "" && r.Until < r.From {
		return r, fmt.Errorf("from %s until %s ends before it begins", r.From, r.Until)
	}
	return r, nil
}

// hundredths reads a percentage of up to two decimals, below 100.
func hundredths(text string) (int64, error) {
	before, after, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(before+(after + "00")[:2], 10, 16)
	if before == "" || err != nil || len(after) > 2 || n >= whole {
		return 0, fmt.Errorf("%q is no percentage: want 0 to 99.99", text)
	}
	return int64(n), nil
}

// check finds days of a country that have two rates or none.
func (r Rates) check(country string, fault func(line int, format string, args ...any)) {
	periods := r[country]
	if first := periods[0]; first.From != "" {
		fault(first.line, "%s has no rate before %s: leave from of its first rate empty", country, first.From)
	}
	for n, p := range periods[1:] {
		before := periods[n]
		if before.Until == "" || p.From <= before.Until {
			fault(p.line, "%s from %s overlaps line %d", country, orEver(p.From), before.line)
			continue
		}
		if end, _ := time.Parse(time.DateOnly, before.Until); end.AddDate(0, 0, 1).Format(time.DateOnly) != p.From {
			fault(p.line, "%s has no rate between %s of line %d and %s", country, before.Until, before.line, p.From)
		}
	}
	if last := periods[len(periods)-1]; last.Until != "" {
		fault(last.line, "%s has no rate after %s: leave until of its last rate empty", country, last.Until)
	}
}

func orEver(day string) string {
	if day == "" {
		return "ever"
	}
	return day
}

// missing is the first country to which parcels go and that has no rate.
func (r Rates) missing() string {
	if _, all := r[everywhere]; all {
		return ""
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if code := string([]rune{a, b}); schemas.DeliveredTo(code) && r[code] == nil {
				return code
			}
		}
	}
	return ""
}

//go:embed rates.csv
var standard string

// StandardRates are those that come along.
func StandardRates() Rates {
	rates, err := ReadRates(strings.NewReader(standard), "rates.csv")
	if err != nil {
		panic(err) // a test reads them
	}
	return rates
}
