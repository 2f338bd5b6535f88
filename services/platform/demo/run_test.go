package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func (s *shop) run(t *testing.T, o Options) Report {
	t.Helper()
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, e := range r.Rows.Ends {
		sum += e.Sales + e.Cancellations
	}
	if sum != r.Rows.Read {
		t.Errorf("%d rows read, %d accounted for: %+v", r.Rows.Read, sum, r.Rows.Ends)
	}
	return r
}

// sample returns the first so many invoices of the bundled file, or all.
func (s *shop) sample(t *testing.T, limit int) Options {
	t.Helper()
	file, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	return s.options(file, limit)
}

// ends counts the rows with this end, of sales and of cancellations.
func (r Report) ends(state, reason string) [2]int {
	for _, e := range r.Rows.Ends {
		if e.End == state && e.Reason == reason {
			return [2]int{e.Sales, e.Cancellations}
		}
	}
	return [2]int{}
}

func TestEachRowEndsAsItsOrderDid(t *testing.T) {
	t.Parallel()
	s := open(t)
	var file strings.Builder
	file.WriteString(header)
	declined := ""
	for i := 0; (&order{key: declined}).card() != "tok_declined"; i++ {
		declined = fmt.Sprint(500_000 + i)
	}
	for _, line := range []string{
		entry("1", "MUG", 3, 1, "7"), entry("1", "MUG", 1, 1, "7"), entry("C2", "MUG", -1, 9, "7"), // partly returned
		entry(declined, "MUG", 3, 1, "8"), entry("C3", "MUG", -1, 9, "8"),
		entry("4", "MUG", 900_001, 2, "9"), entry("C5", "MUG", -1, 9, "9"), // more than the platform takes
		entry("6", "GOLD", 4000, 3, "10"), entry("7", "GOLD", 19_608, 3, "11"), // 10,200.00 and 50,000.40
	} {
		file.WriteString(line + "\n")
	}
	r := s.run(t, s.options(strings.NewReader(file.String()), 0))
	for _, c := range []struct {
		state, reason string
		want          [2]int
	}{
		{sold, "", [2]int{3, 0}}, {returned, "", [2]int{0, 1}}, {refused, "payment_declined", [2]int{1, 0}},
		{refused, "the order had ended: payment_declined", [2]int{0, 1}},
		{refused, "API: invalid", [2]int{1, 0}}, {refused, "the order was refused", [2]int{0, 1}},
		{refused, "fraud_suspected", [2]int{1, 0}},
	} {
		if got := r.ends(c.state, c.reason); got != c.want {
			t.Errorf("%s %s: %v, want %v (%+v)", c.state, c.reason, got, c.want, r.Rows.Ends)
		}
	}
	for _, e := range r.Rows.Ends {
		if e.Reason == "API: invalid" && !slices.Equal(e.Lines, []int{7}) {
			t.Errorf("the row that the API refuses is on lines %v", e.Lines)
		}
	}
	if r.Orders.Placed != 4 || r.Orders.Refused != 1 || !r.Whole() || r.Goods.Returned != 1 || r.Goods.Shipped != 4004 {
		t.Errorf("orders %+v, goods %+v", r.Orders, r.Goods)
	}
}

func TestEveryRowOfTheSampleIsAccountedForAndARepetitionChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.run(t, s.sample(t, 0))
	if first.Rows.Read != 42_481 || !first.Whole() || first.ends(sold, "")[0] < 30_000 || first.ends(returned, "")[1] == 0 ||
		first.ends(refused, "out_of_stock")[0] == 0 || first.Orders.Replayed != 0 || first.Orders.FilledInPart == 0 {
		t.Fatalf("%+v", first)
	}
	orders, returns, receipts := len(s.orders), s.returns, len(s.receipts)
	again := s.run(t, s.sample(t, 0))
	if len(s.orders) != orders || s.returns != returns || len(s.receipts) != receipts {
		t.Errorf("repeated: %d orders, %d returns, %d receipts; before %d, %d, %d", len(s.orders), s.returns, len(s.receipts),
			orders, returns, receipts)
	}
	if !reflect.DeepEqual(again.Rows, first.Rows) || again.Orders.Replayed != orders {
		t.Errorf("repeated: %+v, before %+v", again.Rows.Ends, first.Rows.Ends)
	}
	var text, data bytes.Buffer
	if err := first.Print(&text); err != nil || !strings.Contains(text.String(), "all 42481 rows read") {
		t.Errorf("printed %v:\n%s", err, text.String())
	}
	if err := json.NewEncoder(&data).Encode(first); err != nil || !json.Valid(data.Bytes()) {
		t.Error(err)
	}
}

func TestAKilledRunGoesOnWithTheSameCommand(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, after := range []int64{3, 200, 450} {
		ctx, kill := context.WithCancel(t.Context())
		var n atomic.Int64
		s.mu.Lock()
		s.hitch = func(*http.Request) int {
			if n.Add(1) > after {
				kill()
				return 2
			}
			return 0
		}
		s.mu.Unlock()
		if _, err := Run(ctx, s.sample(t, 400)); err == nil {
			t.Fatal("a killed run reports")
		}
		kill()
	}
	s.mu.Lock()
	s.hitch = func(*http.Request) int { return 0 }
	s.mu.Unlock()
	r := s.run(t, s.sample(t, 400))
	if len(s.orders) != r.Orders.Placed || r.Orders.Replayed == 0 || !r.Whole() {
		t.Errorf("the shop has %d orders; %+v", len(s.orders), r.Orders)
	}
}

func TestLostAnswersLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	calm, bad := open(t), open(t)
	var n atomic.Int64
	bad.hitch = func(*http.Request) int {
		switch n.Add(1) % 20 {
		case 7:
			return 1
		case 13:
			return 2
		}
		return 0
	}
	want, got := calm.run(t, calm.sample(t, 300)), bad.run(t, bad.sample(t, 300))
	if len(bad.orders) != len(calm.orders) || got.Orders.Placed != want.Orders.Placed || got.Money.Ordered != want.Money.Ordered {
		t.Errorf("orders %+v, without losses %+v", got.Orders, want.Orders)
	}
	for _, o := range bad.orders {
		seen := map[string]bool{}
		for _, b := range o.view.Returns {
			if seen[b.Reason] {
				t.Errorf("order %s: %s was returned twice", o.ID, b.Reason)
			}
			seen[b.Reason] = true
		}
	}
}

func TestAnOrderThatDoesNotEndIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.options(strings.NewReader(header+entry("1", "MUG", 3, 1, "7")+"\n"+entry("2", "GOLD", 5000, 1, "8")+"\n"), 0)
	s.hideReviews = true
	o.Patience = 3 * time.Second // for the order that ends
	if r := s.run(t, o); r.Whole() || r.Orders.Unfinished != 1 || len(r.Orders.Open) != 1 || r.ends(unfinished, "placed")[0] != 1 ||
		r.ends(sold, "")[0] != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAPlatformThatIsAwayIsSaidSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.hitch = func(*http.Request) int { return 1 }
	o := s.options(strings.NewReader(header+entry("1", "MUG", 3, 1, "7")), 0)
	o.Patience = 100 * time.Millisecond
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "has not answered") {
		t.Errorf("%v", err)
	}
}

func TestOrdersComeAtTheRate(t *testing.T) {
	t.Parallel()
	s := open(t)
	lines := make([]string, 100)
	for i := range lines {
		lines[i] = entry(fmt.Sprint(i), "MUG", 3, 1, "7")
	}
	o := s.options(strings.NewReader(header+strings.Join(lines, "\n")), 0)
	o.Rate = 400
	if r := s.run(t, o); r.Throughput.PlacedPerS > 450 || r.Orders.Placed != 100 {
		t.Errorf("%+v", r.Throughput)
	}
}

func TestMoneyIsWrittenForPeople(t *testing.T) {
	t.Parallel()
	for pence, want := range map[int64]string{123_456_789: "1,234,567.89", -5: "-0.05", 100_000: "1,000.00", 0: "0.00"} {
		if got := pounds(pence); got != want {
			t.Errorf("%d: %s", pence, got)
		}
	}
}

func TestWhatIsCancelledLongAfterItEndedIsSentBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	lines := []string{entry("1", "MUG", 3, 1, "7")}
	for i := range 20 {
		lines = append(lines, entry(fmt.Sprint(100+i), "MUG", 3, 2, "8"))
	}
	o := s.options(strings.NewReader(header+strings.Join(append(lines, entry("C2", "MUG", -3, 3, "7")), "\n")), 0)
	o.Rate = 200
	if r := s.run(t, o); r.ends(returned, "")[1] != 1 || s.returns != 1 {
		t.Errorf("%+v", r.Rows.Ends)
	}
}

func TestAReturnWhoseAnswerWasLostHappensOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	var tries atomic.Int64
	s.hitch = func(r *http.Request) int {
		if strings.HasSuffix(r.URL.Path, "/returns") && tries.Add(1) < 3 {
			return int(tries.Load()) // at first not received, then received but not answered
		}
		return 0
	}
	r := s.run(t, s.options(strings.NewReader(header+entry("1", "MUG", 3, 1, "7")+"\n"+entry("C2", "MUG", -1, 3, "7")), 0))
	if r.ends(returned, "")[1] != 1 || s.returns != 1 {
		t.Errorf("%d returns after %d tries: %+v", s.returns, tries.Load(), r.Rows.Ends)
	}
}

func TestARepetitionDoesNotWaitForStockThatIsSoldOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := header + entry("1", "MUG", 3, 1, "7")
	s.run(t, s.options(strings.NewReader(file), 0))
	s.mu.Lock()
	s.stock["MUG"] = 0
	s.mu.Unlock()
	o := s.options(strings.NewReader(file), 0)
	o.Patience = time.Minute
	s.run(t, o)
}
