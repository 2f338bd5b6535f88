package demo

import (
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
)

// priced returns a row of the first of December.
func priced(invoice, code, quantity, customer string) string {
	return fmt.Sprintf("%s,%s,A thing,%s,2010-12-01 08:26:00,2.55,%s,United Kingdom\n", invoice, code, quantity, customer)
}

func TestARowThatTheCatalogueRefusesCostsNoOtherAndBringsNoStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.lists = func(l listing) bool { return l.SKU != "5091091530083" && l.SKU != "4006381333931" }
	var file strings.Builder
	file.WriteString(header)
	for i := range 30 {
		file.WriteString(priced(fmt.Sprint(i), fmt.Sprintf("SKU%d", i), "4", "7"))
	}
	file.WriteString(priced("40", "5091091530083", "100", "8")) // line 32, an invoice of its own
	file.WriteString(priced("41", "MUG", "4", "8"))
	file.WriteString(priced("41", "4006381333931", "100", "8")) // line 34, in the middle of another
	file.WriteString(priced("41", "BAG", "4", "8"))
	file.WriteString(priced("C42", "5091091530083", "-100", "8"))
	r := s.run(t, s.options(strings.NewReader(file.String()), 0))
	if got := r.ends(refused, "catalogue: invalid: not this one"); got != [2]int{2, 1} {
		t.Errorf("refused %v: %+v", got, r.Rows.Ends)
	}
	if got := r.ends(sold, ""); got != [2]int{32, 0} || r.Orders.Placed != 31 {
		t.Errorf("sold %v in %d orders: %+v", got, r.Orders.Placed, r.Rows.Ends)
	}
	var lines []int
	for _, m := range r.Rows.Malformed {
		if lines = append(lines, m.Line); !strings.Contains(m.Reason, "50910915300") && !strings.Contains(m.Reason, "40063813339") {
			t.Errorf("line %d does not name the product: %s", m.Line, m.Reason)
		}
	}
	if slices.Sort(lines); !slices.Equal(lines, []int{32, 34, 36}) {
		t.Errorf("lines %v", lines)
	}
	if s.stock["5091091530083"] != 0 || s.stock["4006381333931"] != 0 || s.stock["BAG"] == 0 {
		t.Errorf("stock %v", s.stock)
	}
}

func TestMorePiecesThanAnOrderTakesAreRefusedOrPlacedInParts(t *testing.T) {
	t.Parallel()
	p := planned(t, 0, entry("1", "MUG", 1_000_001, 1, "7"), entry("2", "BAG", 600_000, 1, "7"),
		entry("2", "BAG", 600_000, 1, "7"), entry("2", "BAG", 400_000, 1, "7"))
	if got := p.shows(); !slices.Equal(got, []string{"2 BAG×1000000 2010-12-01", "2·2 BAG×600000 2010-12-01"}) {
		t.Errorf("orders %v", got)
	}
	if rows := p.account.of(refused, "more pieces than an order takes"); rows.Sales != 1 || !slices.Equal(rows.Lines, []int{2}) {
		t.Errorf("refused %+v", rows)
	}
	for _, s := range p.opening[0].items {
		if p.products[s.sku].sku == "MUG" {
			t.Errorf("stock is planned for a row that is refused: %+v", s)
		}
	}
}

func TestAPartOfAnInvoiceAndAnInvoiceOfThatNameAreTwoOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	var file strings.Builder
	file.WriteString(header)
	for i := range 201 {
		file.WriteString(priced("X", fmt.Sprintf("SKU%d", i), "2", "7"))
	}
	for _, invoice := range []string{"X-2", "X/2", "X%2F2", "X part 2", "X.2"} {
		file.WriteString(priced(invoice, "MUG", "3", "7"))
	}
	r := s.run(t, s.options(strings.NewReader(file.String()), 0))
	if r.Orders.Placed != 7 || r.Orders.Replayed != 0 || len(s.orders) != 7 {
		t.Errorf("%+v %+v", r.Orders, r.Rows.Ends)
	}
}

func TestNoNumberInAFileMeetsANameThatIsMadeUp(t *testing.T) {
	t.Parallel()
	p := planned(t, 0, entry("5", "MUG", 1, 1, ""))
	guest := p.orders[0]
	subject, mailbox := p.names.subject(guest.customer), p.names.mailbox(guest.customer)
	for _, taken := range []string{subject, mailbox, strings.TrimPrefix(subject, "guest-"), "guest-5", "5"} {
		if real := (customer{number: taken}); p.names.subject(real) == subject || p.names.mailbox(real) == mailbox {
			t.Errorf("the customer %q is the guest", taken)
		}
	}
	seen := map[string]string{}
	for _, number := range []string{"ACME LTD", "ACME_LTD", "ACME+LTD", "ACME%20LTD", "acme ltd", "a@b.example", "a..b", ".a", `"a"`,
		"a,b", "<a>", "(a)", "a;b", "=" + letters("ACME LTD"), letters("ACME LTD"), strings.Repeat("9", 64), strings.Repeat("%", 64),
		"5091091530083", "4111111111111111", "17850", "-", "guest-5"} {
		o := &order{customer: customer{number: number}, key: "1"}
		guest := &order{customer: customer{guest: number[:min(len(number), 40)]}, key: "1"}
		for _, one := range []*order{o, guest} {
			address := p.names.email(one)
			parsed, err := mail.ParseAddress(address)
			if err != nil || parsed.Address != address || strings.IndexByte(address, '@') > 64 {
				t.Errorf("%q is at %q: %v", number, address, err)
			}
			if before, twice := seen[address]; twice {
				t.Errorf("%q has the address of %q: %s", number, before, address)
			}
			seen[address] = number
			if subject := p.names.subject(one.customer); len(subject) > 128 {
				t.Errorf("a subject of %d bytes: %s", len(subject), subject)
			}
			for _, text := range []string{address, p.names.shipTo(one).Name, (&cancellation{invoice: "C" + number}).reason()} {
				if digits := strings.Map(func(r rune) rune {
					if r < '0' || r > '9' {
						return -1
					}
					return r
				}, text); len(digits) > 12 {
					t.Errorf("%q could hold the number of a card", text)
				}
			}
		}
	}
}

func TestKeysTellFileInvoiceAndPartAndFitTheirHeader(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	longest := strings.Repeat("%", 40)
	for _, file := range []string{"a.csv", "b.csv"} {
		n := namesOf(file)
		for _, invoice := range []string{"1", "1·2", "1-2", "1/2", "C1", `"`, longest, longest[1:]} {
			c := &cancellation{invoice: invoice, of: &order{key: longest + "·2"}}
			for _, key := range []string{n.orderKey(&order{key: invoice}), n.returnKey(c), n.cancellationKey(c), n.key("review", invoice),
				n.receiptKey(invoice, 1, []stocked{{0, "north", 1}}, []product{{sku: "A"}}),
				n.receiptKey(invoice, 1, []stocked{{0, "north", 1}}, []product{{sku: "B"}})} {
				if seen[key] || len(key) > 255 || strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) >= 0 {
					t.Errorf("%q is there twice, or no key", key)
				}
				seen[key] = true
			}
		}
	}
	if namesOf("/in/orders.csv") != namesOf("orders.csv.gz") {
		t.Error("the same file, packed, has other names")
	}
}

func TestOfTwoFilesNothingIsTakenForTheOther(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, name := range []string{"one.csv", "two.csv"} {
		p, err := NewPlan(strings.NewReader(header+priced("1", "MUG", "10", "")), name, 0, Undecided)
		if err != nil {
			t.Fatal(err)
		}
		o := s.options(strings.NewReader(header+priced("1", "MUG", "10", "")), 0)
		o.Plan = p
		r := s.run(t, o)
		if r.Goods.Received != 6 || r.Goods.ReceivedBefore != 0 || s.stock["MUG"] != int64(6*(i+1)) ||
			r.Orders.Replayed != 0 || len(s.orders) != i+1 {
			t.Errorf("%s: %+v, stock %v, %+v", name, r.Goods, s.stock, r.Orders)
		}
	}
}

func TestWhatWasReceivedIsWhatTheAnswersSaid(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := header + priced("1", "MUG", "10", "7")
	if r := s.run(t, s.options(strings.NewReader(file), 0)); r.Goods.Received != 6 || r.Goods.ReceivedBefore != 0 {
		t.Errorf("at first %+v", r.Goods)
	}
	if r := s.run(t, s.options(strings.NewReader(file), 0)); r.Goods.Received != 6 || r.Goods.ReceivedBefore != 6 ||
		s.stock["MUG"] != 6 {
		t.Errorf("again %+v, stock %v", r.Goods, s.stock)
	}
	s.mu.Lock()
	s.refuseReceipts = true
	s.mu.Unlock()
	more := header + priced("2", "MUG", "20", "7")
	if r := s.run(t, s.options(strings.NewReader(more), 0)); r.Goods.Received != 0 || r.Goods.NotReceived != 12 {
		t.Errorf("refused %+v", r.Goods)
	}
}

func TestOfTwoImportersAtOnceEachReturnAndCancellationHappensOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	var file strings.Builder
	file.WriteString(header)
	for i := range 40 {
		file.WriteString(priced(fmt.Sprint(100+i), "MUG", "9", fmt.Sprint(i)) + priced(fmt.Sprint(100+i), "BAG", "9", fmt.Sprint(i)))
	}
	for i := range 40 {
		mugs := priced(fmt.Sprintf("C%d", 100+i), "MUG", "-3", fmt.Sprint(i))
		bags := priced(fmt.Sprintf("C%d", 200+i), "BAG", "-2", fmt.Sprint(i))
		file.WriteString(strings.ReplaceAll(mugs+bags, "08:26", "09:26"))
	}
	var both sync.WaitGroup
	reports := make([]Report, 2)
	for i := range reports {
		o := s.options(strings.NewReader(file.String()), 0)
		both.Go(func() { reports[i] = s.run(t, o) })
	}
	both.Wait()
	for i, r := range reports { // some cards are declined, and their orders not returned
		if got := r.ends(returned, "")[1]; got < 60 || got != s.returns || len(s.orders) != 40 {
			t.Errorf("importer %d: %d orders, %d returns: %+v", i, len(s.orders), s.returns, r.Rows.Ends)
		}
	}
}

func TestAPlatformOfAnotherKeyIsSentNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.options(strings.NewReader(header+priced("1", "MUG", "10", "7")), 0)
	wrote := false
	s.mu.Lock()
	s.foreign = true
	s.hitch = func(r *http.Request) int { wrote = wrote || r.Method != http.MethodGet; return 0 }
	s.mu.Unlock()
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "does not know the key") || wrote {
		t.Errorf("%v; wrote %v", err, wrote)
	}
}
