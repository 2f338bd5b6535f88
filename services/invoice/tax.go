package invoice

import (
	"slices"

	event "orderflow.example/schemas/invoice"
)

// taxed is the document with the tax that its prices include. credited is how much of the same invoice was credited before, in
// minor units: its tax is not credited again.
//
// The tax of an amount is amount × rate / (100% + rate), rounded half away from zero. The tax of the lines is rounded so that the
// tax of the first k lines is the tax of their sum: each line is less than one minor unit off, and they add up to the tax of the
// total. In the same way all credit notes of an invoice together give back exactly its tax.
func taxed(d event.Document, credited int64) event.Document {
	d.Lines = slices.Clone(d.Lines)
	sum := credited
	d.Tax = 0
	for i, l := range d.Lines {
		before := included(sum, d.Rate)
		sum += l.Quantity * l.UnitPrice
		d.Lines[i].Tax = included(sum, d.Rate) - before
		d.Tax += d.Lines[i].Tax
	}
	return d
}

// whole is 100% in the unit of a rate.
const whole = 100_00

// included is the tax within an amount. Amounts are bounded by what one order may cost, so that the product fits.
func included(amount, rate int64) int64 {
	if amount < 0 {
		return -included(-amount, rate)
	}
	return (2*amount*rate + whole + rate) / (2 * (whole + rate))
}
