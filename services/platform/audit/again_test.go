package audit

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/services/refund"
	"orderflow.example/services/storefront"
)

// series is a picture of a shop that is looked at again and again.
type series struct {
	*shop
	p    *picture
	rows map[string][]map[string]any // as the look before found them
}

// look takes in what is new by now. damage changes what is there.
func (s *series) look(t *testing.T, damage func(p *picture)) map[string]Check {
	t.Helper()
	now := s.picture(t)
	if damage != nil {
		damage(now)
	}
	rows := map[string][]map[string]any{}
	for name, at := range now.services {
		for _, live := range at.live {
			rows[name] = append(rows[name], maps.Clone(live))
		}
	}
	if s.p == nil {
		s.p = now
		s.p.again = true
	} else {
		for name, at := range now.services {
			at.leaveOut(s.p.traces[name], s.rows[name])
		}
		maps.Copy(s.p.topics(), now.topics())
		s.p.services, s.p.ends, s.p.book = now.services, now.ends, now.book[min(int(s.p.read), len(now.book)):]
	}
	s.rows = rows
	all := s.p.verdict(t)
	s.p.settle(func(string) bool { return len(listed(all)) > 0 })
	return all
}

// leaveOut leaves of the snapshot what take reads of a service that was looked at before.
func (s *snapshot) leaveOut(since *trace, before []map[string]any) {
	for n, rows := range s.outbox {
		first := s.first[n]
		from := max(since.chain.part(n).compared, first-1)
		s.first[n], s.outbox[n] = from+1, rows[min(from+1-first, int64(len(rows))):]
	}
	for i, live := range s.live {
		f, fresh, keys := since.folds[i], 0, map[string]struct{}{}
		for key, state := range live {
			keys[key] = struct{}{}
			if !f.has(key) {
				fresh++
			}
			_, wanted := f.wanted[key]
			if was, ok := before[i][key]; ok && reflect.DeepEqual(was, state) && !wanted {
				delete(live, key)
			}
		}
		if len(f.rows)+fresh != len(keys) || len(f.wanted) > 0 {
			s.keys[i] = keys
		}
	}
}

// texts lists all offences but the check of progress, which one look alone can make.
func texts(all map[string]Check) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, o := range all[name].Offending {
			if name != "progress" {
				list = append(list, name+": "+o.ID+": "+o.Text)
			}
		}
	}
	slices.Sort(list)
	return list
}

// past is a shop that was looked at after each of its steps, and long enough after that for all to be put away.
func past(t *testing.T, seed uint64) *series {
	t.Helper()
	s := &series{shop: empty(t, seed)}
	holds := func(when string) {
		if all := s.look(t, nil); listed(all) != nil {
			t.Fatalf("seed %d, after %s: %s", seed, when, strings.Join(texts(all), "\n"))
		}
	}
	holds("nothing")
	for _, fate := range fates {
		s.place(fate)
		s.world.Steps(int(seed % 60))
		if fate == "wants-out" {
			s.world.Tell("wants-out", storefront.RequestCancellation.Of(storefrontevent.CancellationRequestedV1{Reason: "r"}))
		}
		s.world.Settle()
		holds(fate)
	}
	for i := range 2 * keptLooks {
		holds(fmt.Sprint("quiet look ", i))
	}
	return s
}

func TestWhatWasPutAwayIsRebuiltWhenItMovesAgain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		s := past(t, seed)
		for _, service := range []string{"storefront", "order", "payment"} {
			if f := s.p.traces[service].folds[0]; len(f.held) > 0 && len(f.held) == len(f.rows) {
				t.Fatalf("%s keeps all of %d states at hand", service, len(f.rows))
			}
		}
		for _, order := range []string{"completes", "partly-back"} {
			if told := s.p.facts.orders[order]; told.entries != nil || told.sent != nil || told.sums[0].captured != 1050 {
				t.Fatalf("%s is not put away: %+v", order, told)
			}
		}
		s.sendBack("sent-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 2},
			storefrontevent.ReturnLine{SKU: "mug", Quantity: 1})
		s.sendBack("partly-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 1})
		s.world.Steps(int(seed))
		s.world.Settle()
		if all := s.look(t, nil); listed(all) != nil {
			t.Fatalf("seed %d: after goods came back:\n%s", seed, strings.Join(texts(all), "\n"))
		}
	}
}

func TestLookingAgainFindsWhatOneLookFindsAndNoMoreOnceItIsPutBack(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(p *picture){
		"a captured amount": func(p *picture) {
			change(p, "payment", "completes", func(s *payment.Payment) { s.Captured -= 100 })
		},
		"a refunded amount": func(p *picture) { change(p, "refund", "lost", func(s *refund.Refund) { s.Refunded++ }) },
		"pieces on a shelf": func(p *picture) {
			change(p, "inventory", "stock tea at leeds", func(s *inventory.Shelf) { s.OnHand++ })
		},
		"pieces reserved": func(p *picture) {
			change(p, "inventory", "stock tea at leeds", func(s *inventory.Shelf) { s.Reserved++ })
		},
		"an order that stands still": func(p *picture) {
			change(p, "order", "completes", func(s *order.Order) { s.Status = order.Shipped })
		},
		"an order the order service lost": func(p *picture) { delete(p.services["order"].live[0], "completes") },
		"an order customers do not see":   func(p *picture) { delete(p.services["storefront"].live[0], "lost") },
		"a level that is gone":            func(p *picture) { delete(p.services["inventory"].live[0], "stock tea at leeds") },
		"a product that is gone":          func(p *picture) { delete(p.services["catalog"].live[0], "tea") },
		"what customers see of an order": func(p *picture) {
			change(p, "storefront", "lost", func(s *storefront.Order) { s.Refunded++ })
		},
		"an order nobody placed": func(p *picture) {
			p.services["order"].live[0]["ghost"] = order.Order{ID: "ghost", Status: order.Completed, Total: pounds(0)}
		},
		"a watermark": func(p *picture) {
			at := partitionOf("order", "completes")
			w := p.services["payment"].watermarks[at]
			w.sequence--
			p.services["payment"].watermarks[at] = w
		},
		"an order charged twice": func(p *picture) {
			n := int64(len(p.book))
			p.book = append(slices.Clone(p.book),
				gateway.Entry{Seq: n + 1, Order: "completes", Kind: gateway.Authorized, Amount: 1050, Currency: "GBP", Reference: "au_2"},
				gateway.Entry{Seq: n + 2, Order: "completes", Kind: gateway.Captured, Amount: 1050, Currency: "GBP", Reference: "au_2"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := past(t, 5)
			one := s.picture(t)
			damage(one)
			want := texts(one.verdict(t))
			if len(want) == 0 {
				t.Fatal("one look finds nothing")
			}
			for i := range 3 {
				if got := texts(s.look(t, damage)); !slices.Equal(got, want) {
					t.Fatalf("look %d:\n%s\none look alone finds\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			if name == "an order charged twice" {
				return // nothing is ever removed from the book
			}
			if got := texts(s.look(t, nil)); got != nil {
				t.Errorf("put back:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

func TestARowThatStandsStillWhileEventsAreAboutItIsFoundWithTheNextLook(t *testing.T) {
	t.Parallel()
	s := past(t, 3)
	old := s.rows["order"][0]["sent-back"]
	s.sendBack("sent-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 2}, storefrontevent.ReturnLine{SKU: "mug", Quantity: 1})
	s.world.Settle()
	standsStill := func(p *picture) { p.services["order"].live[0]["sent-back"] = old }
	one := s.picture(t)
	standsStill(one)
	want := texts(one.verdict(t))
	s.look(t, standsStill)
	if got := texts(s.look(t, standsStill)); !slices.Equal(got, want) ||
		!strings.Contains(strings.Join(got, "\n"), "replay: sent-back: order: ") {
		t.Errorf("got\n%s\none look alone finds\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
