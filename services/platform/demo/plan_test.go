package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// row is a line of the file: invoice, code, quantity, day of December, customer.
func entry(invoice, code string, quantity, day int, customer string) string {
	return fmt.Sprintf("%s,%s,A %s,%d,2010-12-%02d 08:26:00,2.55,%s,United Kingdom", invoice, code, code, quantity, day, customer)
}

func planned(t *testing.T, limit int, lines ...string) *Plan {
	t.Helper()
	p, err := NewPlan(strings.NewReader(header+strings.Join(lines, "\n")), "test", limit, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cancels returns the cancellations of a plan, as "invoice>order sku×quantity…".
func (p *Plan) cancelled() (all []string) {
	for _, s := range p.steps {
		if c := s.cancel; c != nil {
			text := c.invoice + ">" + c.of.key
			for _, l := range c.lines {
				text += fmt.Sprintf(" %s×%d", p.products[l.sku].sku, l.quantity)
			}
			if c.whole {
				text += " whole"
			}
			all = append(all, text)
		}
	}
	return all
}

func TestCustomersInTheCountriesOfTheEuroBuyProductsOfTheirOwnInEuros(t *testing.T) {
	t.Parallel()
	abroad := func(row, country string) string { return strings.ReplaceAll(row, "United Kingdom", country) }
	file := header + strings.Join([]string{entry("1", "MUG", 4, 1, "7"), abroad(entry("2", "MUG", 3, 2, "8"), "France"),
		abroad(entry("3", "MUG", 2, 3, "9"), "Norway"), abroad(entry("4", "BAG", 1, 4, "8"), "EIRE"),
		abroad(entry("C5", "MUG", -1, 5, "8"), "France")}, "\n")
	p, err := NewPlanFor(Shop{Euros: true}, strings.NewReader(file), "test", 0, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	var sold []string
	for _, o := range p.orders {
		for _, l := range o.lines {
			g := p.products[l.sku]
			sold = append(sold, fmt.Sprint(o.key, " ", g.sku, " ", g.price, g.currency))
		}
	}
	if want := []string{"1 MUG 255", "2 MUG-EUR 255EUR", "3 MUG 255", "4 BAG-EUR 255EUR"}; !slices.Equal(sold, want) {
		t.Errorf("%v, want %v", sold, want)
	}
	if got := p.cancelled(); !slices.Equal(got, []string{"C5>2 MUG-EUR×1"}) {
		t.Error(got)
	}
	pounds, err := NewPlan(strings.NewReader(file), "test", 0, Undecided)
	if err != nil || len(pounds.products) != 2 || pounds.names == p.names {
		t.Error(pounds.products, err)
	}
}

func TestACancellationMatchesTheLatestEarlierOrderWithEnoughLeft(t *testing.T) {
	t.Parallel()
	sales := []string{
		entry("1", "MUG", 10, 1, "7"), entry("1", "BAG", 2, 1, "7"),
		entry("2", "MUG", 4, 2, "7"), entry("3", "MUG", 99, 2, "8"), entry("4", "MUG", 50, 9, "7"),
	}
	for _, c := range []struct {
		name    string
		lines   []string
		want    []string
		refused int
	}{
		{"the latest", []string{entry("C5", "MUG", -3, 5, "7")}, []string{"C5>2 MUG×3"}, 0},
		{"all of it", []string{entry("C5", "mug", -4, 5, "7")}, []string{"C5>2 MUG×4 whole"}, 0},
		{"an older one with enough", []string{entry("C5", "MUG", -5, 5, "7")}, []string{"C5>1 MUG×5"}, 0},
		{"none has enough", []string{entry("C5", "MUG", -11, 5, "7")}, nil, 1},
		{"later orders do not count", []string{entry("C5", "MUG", -50, 5, "7")}, nil, 1},
		{"what is taken back is gone", []string{entry("C5", "MUG", -3, 5, "7"), entry("C6", "MUG", -3, 6, "7"),
			entry("C7", "MUG", -8, 7, "7")},
			[]string{"C5>2 MUG×3", "C6>1 MUG×3"}, 1},
		{"another product", []string{entry("C5", "CUP", -1, 5, "7")}, nil, 1},
		{"two orders by one invoice", []string{entry("C5", "BAG", -2, 5, "7"), entry("C5", "MUG", -4, 5, "7")},
			[]string{"C5>1 BAG×2", "C5>2 MUG×4 whole"}, 0},
		{"rows of a product together", []string{entry("C5", "MUG", -6, 5, "7"), entry("C5", "BAG", -2, 5, "7"),
			entry("C5", "MUG", -4, 5, "7")},
			[]string{"C5>1 MUG×6 BAG×2", "C5>2 MUG×4 whole"}, 0},
		{"whole only when nothing was taken back before", []string{entry("C5", "MUG", -1, 5, "7"), entry("C6", "MUG", -3, 6, "7")},
			[]string{"C5>2 MUG×1", "C6>2 MUG×3"}, 0},
	} {
		p := planned(t, 0, append(slices.Clone(sales), c.lines...)...)
		if got := p.cancelled(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := p.account.of(refused, "matches no earlier order").Cancellations; got != c.refused {
			t.Errorf("%s: %d refused, want %d", c.name, got, c.refused)
		}
	}
}

func TestWhatBelongsTogetherBecomesOneOrderUpToItsLimit(t *testing.T) {
	t.Parallel()
	lines := []string{entry("2", "MUG", 5, 3, ""), entry("1", "MUG", 1, 1, "7"), entry("2", "BAG", 1, 3, ""),
		entry("2", "Mug", 2, 3, "")}
	for i := range 450 {
		lines = append(lines, entry("3", fmt.Sprintf("SKU%d", i%440), 1, 4, "7"))
	}
	p := planned(t, 0, lines...)
	var got []string
	for _, o := range p.orders {
		got = append(got, fmt.Sprintf("%s %s %d lines %d pieces %s", o.key, p.names.subject(o.customer), len(o.lines),
			pieces(o.lines), o.fill()))
	}
	want := []string{"1 customer-7 1 lines 1 pieces fill_or_kill", "2 guest-" + p.names.file + "-2 2 lines 8 pieces fill_or_kill",
		"3 customer-7 200 lines 210 pieces fill_available", "3·2 customer-7 200 lines 200 pieces fill_available",
		"3·3 customer-7 40 lines 40 pieces fill_available"}
	if !slices.Equal(got, want) {
		t.Fatalf("orders\n%s", strings.Join(got, "\n"))
	}
	if l := p.orders[1].lines[0]; l.rows != 2 || l.quantity != 7 {
		t.Errorf("merged %+v", l)
	}
}

func TestALimitCountsInvoicesAndLeavesTheRestOut(t *testing.T) {
	t.Parallel()
	p := planned(t, 2, entry("1", "MUG", 1, 1, "7"), entry("2", "MUG", 1, 2, "7"), entry("C3", "MUG", -1, 3, "7"),
		entry("4", "MUG", 1, 4, "7"), entry("4", "BAG", 1, 4, "7"), entry("C5", "MUG", -1, 5, "7"))
	if rows := p.account.of(leftOut, "beyond --limit"); len(p.orders) != 2 || len(p.cancelled()) != 1 || rows.Sales != 2 ||
		rows.Cancellations != 1 {
		t.Fatalf("%d orders, cancellations %v, left out %+v", len(p.orders), p.cancelled(), rows)
	}
}

func TestAProductCostsWhatItWasSoldForMostOften(t *testing.T) {
	t.Parallel()
	sold := func(price, description string) string {
		return "1,MUG," + description + ",1,2010-12-01 08:26:00," + price + ",7,France"
	}
	for want, lines := range map[product][]string{
		{sku: "MUG", description: "A", price: 255}: {sold("9.99", "A"), sold("2.55", "A"), sold("2.55", "B")},
		{sku: "MUG", description: "A", price: 100}: {sold("9.99", "B"), sold("1.00", "A")},
		{sku: "MUG", description: "MUG", price: 300}: {sold("3", ""), sold("0", "damaged"),
			"C2,MUG,x,-1,2010-12-01 08:26:00,1,7,France", "C2,MUG,x,-1,2010-12-01 08:26:00,1,7,France"},
	} {
		if got := planned(t, 0, lines...).products[0]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestStockIsThereAtFirstAndComesWeekly(t *testing.T) {
	t.Parallel()
	p := planned(t, 0, entry("1", "MUG", 10, 1, "7"), entry("2", "MUG", 5, 9, "7"), entry("3", "BAG", 1, 23, "7"),
		entry("4", "BAG", 1, 24, "7"))
	show := func(ds []delivery) (text string) {
		for _, d := range ds {
			for _, s := range d.items {
				text += fmt.Sprintf("%s %s %d, ", p.products[s.sku].sku, s.warehouse, s.quantity)
			}
		}
		return text
	}
	if got := show(p.opening); got != "MUG north 5, MUG south 4, BAG north 1, BAG south 1, " {
		t.Errorf("at first %s", got)
	}
	var got []string
	for _, s := range p.steps {
		if s.order != nil {
			got = append(got, s.order.key)
		} else {
			got = append(got, strings.Split(s.receipt.deliveries[0].key, "/")[3]+" "+show(s.receipt.deliveries))
		}
	}
	if want := []string{"1", "2010-12-08 MUG north 3, MUG south 2, ", "2", "2010-12-22 BAG north 1, BAG south 1, ", "3",
		"4"}; !slices.Equal(got, want) {
		t.Errorf("in this order: %q", got)
	}
	if a, b := planned(t, 0, entry("1", "MUG", 10, 1, "7")),
		planned(t, 0, entry("1", "MUG", 12, 1, "7")); a.opening[0].key == b.opening[0].key {
		t.Error("another delivery has the same key")
	}
}

func TestSharesOfLuckAreAboutThoseThatAreStated(t *testing.T) {
	t.Parallel()
	got := map[string]int{}
	const n = 100_000
	for i := range n {
		o := &order{key: fmt.Sprint(536365 + i), customer: customer{number: "7"}}
		got[o.card()]++
		if strings.HasSuffix((names{}).email(o), "@fraud.example") {
			got["fraud"]++
		}
		if (names{}).shipTo(o).Postcode == "LOST 1" {
			got["lost"]++
		}
	}
	for what, perMille := range map[string]int{"tok_declined": 10, "tok_insufficient_funds": 5, "tok_timeout": 5, "tok_slow": 5,
		"tok_capture_fails": 5, "tok_refund_fails_once": 50, "tok_ok": 920, "fraud": 3, "lost": 3} {
		if want := n * perMille / 1000; got[what] < want*8/10 || got[what] > want*12/10 {
			t.Errorf("%s: %d of %d, want about %d", what, got[what], n, want)
		}
	}
}

func TestWhereGoodsMayBeWaitedForAThirdOfTheSmallOrdersWaits(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString(header)
	for i := range 600 {
		fmt.Fprintf(&file, "%d,MUG,MUG,1,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n", 536365+i)
	}
	plain, err := NewPlan(strings.NewReader(file.String()), "test", 0, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlanFor(Shop{Backorders: true}, strings.NewReader(file.String()), "test", 0, Undecided)
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]int{}
	for i, o := range p.orders {
		policies[o.fill()]++
		if p.names.orderKey(o) == plain.names.orderKey(plain.orders[i]) {
			t.Fatalf("order %s is the one of the file alone", o.key)
		}
		if plain.orders[i].fill() != "fill_or_kill" || plain.products[0].backorderable || !p.products[0].backorderable {
			t.Fatal("the shop of the file alone has goods that are waited for")
		}
	}
	if n := policies["fill_all"]; n < 150 || n > 250 || n+policies["fill_or_kill"] != 600 {
		t.Errorf("%v", policies)
	}
}
