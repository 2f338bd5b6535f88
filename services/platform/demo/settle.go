package demo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// mostOpen is how many unfinished orders the report names.
const mostOpen = 20

// settle reads the end of every order and ends its rows and those of its cancellations.
type settle struct {
	*replay
	report           Report
	ends             map[[3]string]*OrderCount
	final            map[int]state // of the orders that cancellations are about
	confirmed, ended []time.Duration
	finish           time.Time
	skus             map[string]int32
}

// report settles the account of a run.
func (r *replay) report(ctx context.Context) (Report, error) {
	s := &settle{replay: r, ends: map[[3]string]*OrderCount{}, final: map[int]state{},
		skus: make(map[string]int32, len(r.plan.products))}
	for i, p := range r.plan.products {
		s.skus[p.sku] = int32(i)
	}
	r.o.Progress.Stage("settling the accounts", 0)
	for _, step := range r.plan.steps {
		if step.cancel != nil {
			s.final[step.cancel.of.number] = state{Open: true}
		}
	}
	for n, o := range r.plan.orders {
		if f := &r.fates[n]; f.refusal != "" {
			for _, l := range o.lines {
				r.plan.account.refuse(l, false, "API: "+f.refusal)
			}
			s.report.Orders.Refused++
		}
	}
	seen := make(map[int]bool, len(r.byID))
	err := r.client.states(ctx, false, func(st state) {
		if n, ours := r.byID[st.ID]; ours {
			seen[n] = true
			s.order(n, st)
		}
	})
	if err != nil {
		return Report{}, err
	}
	for n, f := range r.fates {
		if f.refusal == "" && !seen[n] {
			s.order(n, state{ID: f.id, Status: "not listed", Open: true})
		}
	}
	if err := s.cancellations(ctx); err != nil {
		return Report{}, err
	}
	if err := r.plan.account.check(); err != nil {
		return Report{}, fmt.Errorf("the rows do not add up, a bug of the demo: %w", err)
	}
	return s.sum(), nil
}

// order settles one order and its rows.
func (s *settle) order(n int, st state) {
	o := s.plan.orders[n]
	if _, wanted := s.final[n]; wanted {
		s.final[n] = st
	}
	s.count(o, st)
	if st.Parcels > 1 {
		s.report.Orders.InParcels++
	}
	if s.waited[st.ID] {
		s.report.Orders.Waited++
		if st.Reason == "out_of_stock" {
			s.report.Orders.WaitedInVain++
		}
	}
	switch {
	case st.Open:
		s.saleEnds(o, unfinished, st.Status)
		if s.report.Orders.Unfinished++; len(s.report.Orders.Open) < mostOpen {
			s.report.Orders.Open = append(s.report.Orders.Open, st.ID)
		}
	case st.Status == "completed":
		s.filled(o, st, sold)
	case st.Status == "returned":
		s.filled(o, st, returned)
	case st.Reason == "customer_request":
		s.saleEnds(o, cancelled, "")
	default:
		s.saleEnds(o, refused, cmp.Or(st.Reason, st.Status))
	}
}

// count adds an order to the sums.
func (s *settle) count(o *order, st state) {
	m, g := &s.report.Money, &s.report.Goods
	kind := [3]string{st.Status, st.Reason}
	if st.Ordered.Currency == euro {
		if s.report.Euros == nil {
			s.report.Euros = &MoneyReport{}
		}
		m, kind[2] = s.report.Euros, euro
	}
	if s.ends[kind] == nil {
		s.ends[kind] = &OrderCount{Status: st.Status, Reason: st.Reason, Currency: kind[2]}
	}
	s.ends[kind].Orders++
	s.ends[kind].Pence += st.Ordered.Amount
	m.Ordered += st.Ordered.Amount
	m.Authorized += st.Payment.Authorized.Amount
	m.Captured += st.Payment.Captured.Amount
	m.Refunded += st.Payment.Refunded.Amount
	m.ChargedBack += st.Payment.ChargedBack.Amount
	g.Ordered += pieces(o.lines)
	if st.ConfirmedAt != nil {
		s.confirmed = append(s.confirmed, st.ConfirmedAt.Sub(st.PlacedAt))
	}
	if st.EndedAt != nil {
		s.ended = append(s.ended, st.EndedAt.Sub(st.PlacedAt))
		if st.EndedAt.After(s.finish) {
			s.finish = *st.EndedAt
		}
	}
}

// filled ends the rows of a delivered order, except lines of which nothing was in stock.
func (s *settle) filled(o *order, st state, end string) {
	short := make(map[int32]int64, len(st.Missing))
	for _, l := range st.Missing {
		short[s.skus[l.SKU]] = l.Quantity
	}
	if len(short) > 0 {
		s.report.Orders.FilledInPart++
	}
	lost := make(map[int32]int64, len(st.Lost))
	for _, l := range st.Lost {
		lost[s.skus[l.SKU]] += l.Quantity
	}
	for _, l := range o.lines {
		s.report.Goods.Shipped += l.quantity - short[l.sku] - lost[l.sku]
		switch l.quantity {
		case short[l.sku]:
			s.plan.account.sale(l, refused, "out_of_stock")
		case short[l.sku] + lost[l.sku]:
			s.plan.account.sale(l, refused, "parcel_lost")
		default:
			s.plan.account.sale(l, end, "")
		}
	}
}

func (s *settle) saleEnds(o *order, state, reason string) {
	for _, l := range o.lines {
		s.plan.account.sale(l, state, reason)
	}
}

// cancellations settles the rows of cancellations. Orders with returns are read again, as their customers see them.
func (s *settle) cancellations(ctx context.Context) error {
	views := make([]view, len(s.plan.orders))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight / 4)
	for n, st := range s.final {
		if st.Status == "completed" || st.Status == "returned" {
			group.Go(func() (err error) {
				views[n], err = s.client.view(ctx, s.plan.orders[n], st.ID)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, step := range s.plan.steps {
		if c := step.cancel; c != nil {
			s.cancellation(c, views[c.of.number])
		}
	}
	return nil
}

func (s *settle) cancellation(c *cancellation, v view) {
	st := s.final[c.of.number]
	end := func(state, reason string) {
		for _, l := range c.lines {
			s.plan.account.cancellation(l, state, reason)
		}
	}
	switch {
	case s.fates[c.of.number].refusal != "":
		end(refused, "the order was refused")
	case !st.Open && st.Reason == "customer_request":
		end(cancelled, "")
	case !st.Open && !v.arrived():
		end(refused, "the order had ended: "+cmp.Or(st.Reason, st.Status))
	case !v.arrived():
		end(unfinished, "the order is "+cmp.Or(st.Status, "unknown"))
	case c.refusal != "":
		end(refused, "API: "+c.refusal)
	default:
		s.sentBack(c, v)
	}
}

// sentBack ends the rows of a cancellation that became a return, or of one whose goods were never delivered.
func (s *settle) sentBack(c *cancellation, v view) {
	how := map[string]string{} // by SKU
	for _, back := range v.Returns {
		if back.Reason == c.reason() {
			for _, l := range back.Lines {
				how[l.SKU] = back.State
			}
		}
	}
	for _, l := range c.lines {
		switch state := how[s.plan.products[l.sku].sku]; state {
		case "received":
			s.plan.account.cancellation(l, returned, "")
			s.report.Goods.Returned += l.quantity
		case "":
			s.plan.account.cancellation(l, refused, "the goods were not delivered")
		case "refused":
			s.plan.account.cancellation(l, refused, "the return was refused")
		default:
			s.plan.account.cancellation(l, unfinished, "the return is "+state)
		}
	}
}

func (s *settle) sum() Report {
	r, p := &s.report, s.plan
	r.Source, r.Format, r.From, r.To, r.Notes = p.source, p.format, p.from, p.to, notes
	r.Rows = RowReport{Read: p.account.read, Ends: p.account.rows(), Malformed: p.account.malformed}
	r.Orders.Placed, r.Orders.Replayed = len(s.byID), s.replayed
	for _, kind := range slices.SortedFunc(maps.Keys(s.ends),
		func(a, b [3]string) int { return s.ends[b].Orders - s.ends[a].Orders }) {
		r.Orders.Ends = append(r.Orders.Ends, *s.ends[kind])
	}
	for _, m := range []*MoneyReport{&r.Money, r.Euros} {
		if m != nil {
			m.Kept = m.Captured - m.Refunded - m.ChargedBack
		}
	}
	r.Goods.Products = len(p.products)
	r.Goods.Received, r.Goods.ReceivedBefore, r.Goods.NotReceived = s.intake.Received, s.intake.ReceivedBefore, s.intake.NotReceived
	r.Latency = LatencyReport{percentiles(s.took), percentiles(s.confirmed), percentiles(s.ended)}
	placing := s.last.Sub(s.first).Seconds()
	r.Throughput = SpeedReport{Seconds: max(s.finish.Sub(s.first), s.last.Sub(s.first)).Seconds(), PlacingSeconds: placing}
	if placing > 0 {
		r.Throughput.PlacedPerS = float64(len(s.took)) / placing
		r.Throughput.RowsPerS = float64(p.account.read) / r.Throughput.Seconds
	}
	return *r
}

func (d delivery) pieces() (n int64) {
	for _, s := range d.items {
		n += s.quantity
	}
	return n
}
