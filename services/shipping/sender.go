package shipping

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"orderflow.example/schemas"
)

// ReadSender reads from JSON where parcels come from, and returns go to. An error names every fault.
func ReadSender(file io.Reader, name string) (a schemas.Address, err error) {
	read := json.NewDecoder(file)
	read.DisallowUnknownFields()
	if err := read.Decode(&a); err != nil {
		return schemas.Address{}, fmt.Errorf("%s: %w", name, err)
	}
	var faults []error
	for field, value := range map[string]string{"name": a.Name, "line1": a.Line1, "city": a.City, "postcode": a.Postcode} {
		if strings.TrimSpace(value) == "" {
			faults = append(faults, fmt.Errorf("%s: %s is missing", name, field))
		}
	}
	if !schemas.KnownCountry(a.Country) {
		faults = append(faults, fmt.Errorf("%s: country %q is no country of ISO 3166-1", name, a.Country))
	}
	if len(faults) > 0 {
		return schemas.Address{}, errors.Join(faults...)
	}
	return a, nil
}

//go:embed sender.json
var invented string

// StandardSender is the invented company that comes along.
func StandardSender() schemas.Address {
	a, err := ReadSender(strings.NewReader(invented), "sender.json")
	if err != nil {
		panic(err) // a test reads it
	}
	return a
}
