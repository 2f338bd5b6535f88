package invoice

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
)

// ReadSeller reads who issues from JSON. An error names every fault.
func ReadSeller(file io.Reader, name string) (s event.Seller, err error) {
	read := json.NewDecoder(file)
	read.DisallowUnknownFields()
	if err := read.Decode(&s); err != nil {
		return event.Seller{}, fmt.Errorf("%s: %w", name, err)
	}
	var faults []error
	want := func(field, value string) {
		if strings.TrimSpace(value) == "" {
			faults = append(faults, fmt.Errorf("%s: %s is missing", name, field))
		}
	}
	want("name", s.Name)
	want("address.line1", s.Address.Line1)
	want("address.city", s.Address.City)
	want("address.postcode", s.Address.Postcode)
	want("email", s.Email)
	if !schemas.KnownCountry(s.Address.Country) {
		faults = append(faults, fmt.Errorf("%s: address.country %q is no country of ISO 3166-1", name, s.Address.Country))
	}
	if len(s.TaxNumber) < 4 || !schemas.KnownCountry(s.TaxNumber[:2]) && s.TaxNumber[:2] != "EL" {
		faults = append(faults, fmt.Errorf("%s: tax_number %q: want the country's prefix and the number, GB999999973", name,
			s.TaxNumber))
	}
	if len(faults) > 0 {
		return event.Seller{}, errors.Join(faults...)
	}
	return s, nil
}

//go:embed seller.json
var invented string

// Standard are the terms that come along: the rates of today, and an invented seller.
func Standard() Terms {
	seller, err := ReadSeller(strings.NewReader(invented), "seller.json")
	if err != nil {
		panic(err) // a test reads it
	}
	return Terms{Rates: StandardRates(), Seller: seller}
}
