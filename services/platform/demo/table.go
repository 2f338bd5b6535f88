package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the report for people.
func (r Report) Print(w io.Writer) error {
	p := &printer{tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight), nil}
	p.line("%s: %d rows, %s to %s", r.Source, r.Rows.Read, r.From.Format("2 January 2006"), r.To.Format("2 January 2006"))
	f := r.Format
	p.line("read as %s, separated by %s, dates %s, prices with %q", f.Encoding, f.Separator, f.Dates, f.Decimal)
	p.orders(r)
	p.rows(r)
	p.money(r)
	p.speed(r)
	p.line("")
	for _, n := range r.Notes {
		p.line("· %s", strings.ReplaceAll(n, "\n", "\n  "))
	}
	return p.err
}

type printer struct {
	tabs *tabwriter.Writer
	err  error
}

func (p *printer) line(format string, args ...any) {
	p.flush()
	if _, err := fmt.Fprintf(p.tabs, format+"\n", args...); p.err == nil {
		p.err = err
	}
	p.flush()
}

// row writes cells, the first one left-aligned and as wide as in all other rows.
func (p *printer) row(first string, cells ...any) {
	fmt.Fprintf(p.tabs, "  %-58s\t", first)
	for _, c := range cells {
		fmt.Fprintf(p.tabs, "%v\t", c)
	}
	if _, err := fmt.Fprintln(p.tabs); p.err == nil {
		p.err = err
	}
}

func (p *printer) flush() {
	if err := p.tabs.Flush(); p.err == nil {
		p.err = err
	}
}

func (p *printer) orders(r Report) {
	p.line("")
	p.row("ORDERS", "orders", "GBP")
	for _, e := range r.Orders.Ends {
		what := title(e.Status, e.Reason)
		if e.Currency != "" {
			what += ", in " + e.Currency
		}
		p.row(what, e.Orders, pounds(e.Pence))
	}
	p.row("placed", r.Orders.Placed, pounds(r.Money.Ordered))
	if r.Euros != nil {
		p.row("of these in "+euro, "", pounds(r.Euros.Ordered))
	}
	for _, also := range []struct {
		n    int
		what string
	}{{r.Orders.FilledInPart, "of these filled in part"}, {r.Orders.InParcels, "of these left in several parcels"},
		{r.Orders.Waited, "of these waited for goods"},
		{r.Orders.WaitedInVain, "of these in vain"}, {r.Orders.Replayed, "of these taken before, and answered again"},
		{r.Orders.Refused, "refused by the API"}, {r.Orders.Unfinished, "NOT ENDED"}} {
		if also.n > 0 {
			p.row(also.what, also.n, "")
		}
	}
	for _, id := range r.Orders.Open {
		p.line("  not ended: %s", id)
	}
}

func (p *printer) rows(r Report) {
	p.line("")
	p.row("ROWS", "of sales", "of cancellations")
	sales, cancellations := 0, 0
	for _, e := range r.Rows.Ends {
		p.row(title(e.End, e.Reason)+onLines(e.Lines), e.Sales, e.Cancellations)
		sales += e.Sales
		cancellations += e.Cancellations
	}
	p.row(fmt.Sprintf("all %d rows read", r.Rows.Read), sales, cancellations)
	for _, m := range r.Rows.Malformed {
		p.line("  line %d: %s", m.Line, m.Reason)
	}
}

func (p *printer) money(r Report) {
	g := r.Goods
	for _, in := range []struct {
		currency string
		*MoneyReport
	}{{"GBP", &r.Money}, {euro, r.Euros}} {
		m := in.MoneyReport
		if m == nil {
			continue
		}
		p.line("")
		p.row("MONEY", in.currency)
		p.row("authorized", pounds(m.Authorized))
		p.row("captured", pounds(m.Captured))
		p.row("refunded", pounds(m.Refunded))
		p.row("charged back", pounds(m.ChargedBack))
		p.row("kept", pounds(m.Kept))
	}
	p.line("")
	p.row(fmt.Sprintf("GOODS, %d products", g.Products), "pieces")
	p.row("received", g.Received)
	if g.ReceivedBefore > 0 {
		p.row("of these before, by another run", g.ReceivedBefore)
	}
	if g.NotReceived > 0 {
		p.row("NOT RECEIVED, as the platform refused it", g.NotReceived)
	}
	p.row("ordered", g.Ordered)
	p.row("delivered", g.Shipped)
	p.row("sent back", g.Returned)
}

func (p *printer) speed(r Report) {
	p.line("")
	p.row("LATENCY, milliseconds", "p50", "p99", "max", "of")
	for _, l := range []struct {
		what string
		Percentiles
	}{{"POST /v1/orders", r.Latency.HTTP}, {"placed → confirmed", r.Latency.Confirmed}, {"placed → ended", r.Latency.Ended}} {
		p.row(l.what, fmt.Sprintf("%.1f", l.P50), fmt.Sprintf("%.1f", l.P99), fmt.Sprintf("%.1f", l.Max), l.Count)
	}
	p.line("")
	p.line("  %.0f orders/s placed (%.1f s), %.1f s from the first order to the end of the last", r.Throughput.PlacedPerS,
		r.Throughput.PlacingSeconds, r.Throughput.Seconds)
}

// onLines formats the first lines of refused rows.
func onLines(lines []int) string {
	if len(lines) == 0 {
		return ""
	}
	first := strings.Trim(fmt.Sprint(lines[:min(len(lines), 3)]), "[]")
	if text := strings.ReplaceAll(first, " ", ", "); len(lines) <= 3 {
		return " (line " + text + ")"
	} else {
		return " (line " + text + " …)"
	}
}

func title(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + strings.ReplaceAll(reason, "_", " ")
}

func pounds(pence int64) string {
	sign := ""
	if pence < 0 {
		sign, pence = "-", -pence
	}
	text := fmt.Sprintf("%d", pence/100)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return fmt.Sprintf("%s%s.%02d", sign, text, pence%100)
}

// Print writes the books for people.
func (b Books) Print(w io.Writer) error {
	p := &printer{tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight), nil}
	for _, c := range b.Currencies {
		p.row("BOOKS", c.Currency)
		p.row("debits", pounds(c.Debits))
		p.row("credits", pounds(c.Credits))
		for _, a := range c.Accounts {
			p.row("balance of "+strings.ReplaceAll(a.Account, "_", " "), pounds(a.Balance))
		}
		p.line("")
	}
	p.line("  %d lines of the gateway's settlement files of %d days: %d differ from the journal", b.Lines, b.Days,
		len(b.Discrepancies))
	for _, day := range b.Unread {
		p.line("  NOT READ: the file of %s", day)
	}
	for _, d := range b.Discrepancies[:min(len(b.Discrepancies), mostOpen)] {
		p.line("  DIFFERS: %s of order %s: the journal has %d %s, the gateway %d", strings.ReplaceAll(d.Movement, "_", " "), d.Order,
			d.Booked, d.Currency, d.Settled)
	}
	return p.err
}
