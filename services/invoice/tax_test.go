package invoice_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/services/invoice"
)

// exact is the tax within an amount, by another arithmetic.
func exact(amount, rate int64) *big.Rat { return big.NewRat(amount*rate, 10_000+rate) }

func TestTheTaxOfTheLinesAddsUpToTheTaxOfTheTotalAndIsNowhereAMinorUnitOff(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	countries := []string{"GB", "DE", "FI", "HU", "US", "GR"}
	for range 2000 {
		to := home
		to.Country = countries[random.IntN(len(countries))]
		c := order.ConfirmedV1{CustomerID: "ann", ShipTo: to, Total: pounds(0)}
		for n := range 1 + random.IntN(40) {
			l := goods(string(rune('A'+n)), 1+random.Int64N(20), random.Int64N(50_000), "LEEDS")
			c.Lines = append(c.Lines, l)
			c.Total.Amount += l.Quantity * l.UnitPrice
		}
		part := c.Total.Amount - random.Int64N(1+c.Total.Amount/2)
		i := after(t, order.Confirmed.Of(c), payment.Captured.Of(payment.CapturedV1{Reference: "a", Amount: pounds(part)}))
		var sum, gross int64
		for _, l := range i.Issued.Lines {
			sum, gross = sum+l.Tax, gross+l.Quantity*l.UnitPrice
			if off := new(big.Rat).Sub(big.NewRat(l.Tax, 1), exact(l.Quantity*l.UnitPrice,
				i.Issued.Rate)); off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("the tax of %+v is %s off", l, off)
			}
		}
		total, _ := exact(part, i.Issued.Rate).Float64()
		if sum != i.Issued.Tax || gross != part || i.Issued.Tax != int64(math.Round(total)) {
			t.Fatalf("of %d in %s: lines %d with tax %d, tax %d, exactly %f", part, to.Country, gross, sum, i.Issued.Tax, total)
		}
		var credited int64
		for left, n := part, 0; left > 0; n++ {
			back := min(left, 1+random.Int64N(part))
			left -= back
			i = again(t, i, refunded(string(rune('a'+n)), back))
			credited += i.CreditNotes[n].Tax
		}
		if part > 0 && credited != i.Issued.Tax {
			t.Fatalf("the tax is %d, the credit notes gave back %d of it", i.Issued.Tax, credited)
		}
	}
}

func TestTheLargestOrderHasItsTax(t *testing.T) {
	t.Parallel()
	c := order.ConfirmedV1{CustomerID: "ann", ShipTo: home, Total: pounds(schemas.MaxTotal)}
	c.Lines = []schemas.Allocation{goods("A", 1, schemas.MaxTotal, "LEEDS")}
	if d := after(t, order.Confirmed.Of(c), capture(schemas.MaxTotal)).Issued; d.Tax != 16_666_667 {
		t.Errorf("%d", d.Tax)
	}
}

func TestTheRateIsThatOfTheDayAndOfTheCountryTheGoodsGoTo(t *testing.T) {
	t.Parallel()
	rates := invoice.StandardRates()
	for _, c := range []struct {
		country, day, category string
		percent                int64
	}{
		{"GB", "2010-12-31", "S", 1750}, {"GB", "2011-01-03", "S", 1750}, {"GB", "2011-01-04", "S", 2000},
		{"GB", "1999-01-01", "S", 1750},
		{"GB", "2009-06-01", "S", 1500}, {"DE", "2020-06-30", "S", 1900}, {"DE", "2020-07-01", "S", 1600},
		{"DE", "2021-01-01", "S", 1900},
		{"FI", "2030-01-01", "S", 2550}, {"US", "2026-11-27", "G", 0}, {"JP", "0001-01-01", "G", 0},
	} {
		day, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		if r := rates.On(c.country, day.Add(24*time.Hour-1)); r.Category != c.category || r.Percent != c.percent {
			t.Errorf("%s on %s: %+v", c.country, c.day, r)
		}
	}
}
