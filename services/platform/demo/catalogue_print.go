package demo

import (
	"errors"
	"fmt"
	"io"
)

// Print writes the result for people, with the first rows refused.
func (i Imported) Print(w io.Writer) error {
	var faults []error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		faults = append(faults, err)
	}
	line("%s: %d rows, %d products; read as %s, separated by %s, prices with %q", i.Source, i.Rows, i.Products,
		i.Format.Encoding, i.Format.Separator, i.Format.Decimal)
	line("  products  %d new, %d with another price, %d unchanged, %d refused", i.Listed, i.Repriced, i.Unchanged,
		len(i.RefusedSKUs))
	line("  stock     %d pieces received, %d had been before", i.Received, i.StockedBefore)
	for _, r := range i.RefusedSKUs[:min(len(i.RefusedSKUs), shown)] {
		line("  refused   %s: %s", r.SKU, r.Reason)
	}
	line("  rows      %d refused", len(i.Refused))
	for _, r := range i.Refused[:min(len(i.Refused), shown)] {
		line("  line %d: %s", r.Line, r.Reason)
	}
	if more := len(i.Refused) - shown; more > 0 {
		line("  … and %d more; --json names all", more)
	}
	return errors.Join(faults...)
}
