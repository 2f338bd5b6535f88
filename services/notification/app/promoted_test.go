package app

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// many is how many customers a promotion is for; make promotion has 10,000.
var many = flag.Int("customers", 600, "customers of the promotion while orders flow")

const (
	aSecond = 20   // orders, while the delay of their mail is measured
	figures = 5000 // customers from which on there is time enough to compare delays
)

func TestAPromotionToManyDoesNotDelayTheMailOfOrdersAndReachesEachOnceAlthoughKilled(t *testing.T) {
	s := open(t, min(100, *many/12))
	p := s.Start()
	operators := s.Ready(p).Operators
	s.connect()
	audience, each := s.want(*many), min(*many/30, 400)
	s.Until("the audience is known", func() bool { return s.audience() == audience })
	s.delays(-1, 20) // connections, caches
	quiet := s.delays(0, each)
	s.publish(operators, audience)
	promoted := func() int { return s.mails.count(" Mugs") }
	s.Until("the promotion goes out", func() bool { return promoted() > 0 })
	busy := s.delays(1, each)
	if sent := promoted(); sent >= audience {
		t.Errorf("the mail of orders came after all %d promotions", sent)
	}
	middle := func(list []time.Duration) time.Duration { return list[len(list)/2] }
	t.Logf("mail of %d orders each: median %v, slowest %v; while a promotion goes to %d customers: median %v, slowest %v", each,
		middle(quiet).Round(time.Millisecond), quiet[each-1].Round(time.Millisecond), audience, middle(busy).Round(time.Millisecond),
		busy[each-1].Round(time.Millisecond))
	if *many >= figures && middle(busy) >= 2*middle(quiet) {
		t.Error("a promotion doubles the delay of the mail of orders")
	}
	s.Until("more than half", func() bool { return promoted() > audience/2 })
	p.Kill()
	t.Logf("killed after %d promotions", promoted())
	p = s.Start()
	s.Ready(p)
	s.Until("all promotions", func() bool { return promoted()+s.unknown() >= audience })
	s.mails.mu.Lock() // a mail may still come
	defer s.mails.mu.Unlock()
	for what, n := range s.mails.taken {
		if n > 1 || strings.HasPrefix(what, "shy") {
			t.Errorf("mailed %d times: %s", n, what)
		}
	}
	if lost := s.unknown(); lost > promotionsAtOnce+messagesAtOnce {
		t.Errorf("the outcome of %d mails is unknown", lost)
	}
}

// audience is how many customers the service knows to want promotions.
func (s *site) audience() (n int) {
	s.Helper()
	s.read("SELECT count(*) FROM customers WHERE promoted", &n)
	return n
}

// delays confirms so many orders, at a steady pace, and returns how long the mail of each took, sorted. Each round has orders of
// its own.
func (s *site) delays(round, orders int) (list []time.Duration) {
	s.Helper()
	pace := rate.NewLimiter(aSecond, 1)
	first := (round + 1) * 1_000_000
	told := map[string]time.Time{}
	for n := first; n < first+orders; n++ {
		if err := pace.Wait(s.Context()); err != nil {
			s.Fatal(err)
		}
		told[fmt.Sprintf("buyer%d@example.com Your order is confirmed", n)] = time.Now()
		s.confirm(n)
	}
	s.Until("the mail of the orders", func() bool {
		s.mails.mu.Lock()
		defer s.mails.mu.Unlock()
		list = nil
		for what, at := range told {
			if came, here := s.mails.at[what]; here {
				list = append(list, came.Sub(at))
			}
		}
		return len(list) == orders
	})
	slices.Sort(list)
	return list
}
