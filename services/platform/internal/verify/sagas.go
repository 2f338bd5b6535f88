package verify

import (
	"fmt"
	"slices"
	"strings"
)

// without names the first of the services that is not looked at; "" if all are.
func (p *picture) without(services ...string) string {
	for _, name := range services {
		if p.services[name] == nil {
			return "the database of " + name + " is not here"
		}
	}
	return ""
}

// moving tells whether anything is on its way to any service for the order, or set aside in one of them.
func (p *picture) moving(key string) bool {
	return len(p.facts.await[key]) > 0 || p.parkedAt(key) != ""
}

func (p *picture) parkedAt(key string) string {
	for name, s := range p.services {
		if s.parkedKey[key] {
			return name
		}
	}
	return ""
}

// asking tells whether one of the services waits for an answer from outside about the order, or has it parked.
func (p *picture) asking(key string, services ...string) bool {
	return slices.ContainsFunc(services, func(name string) bool {
		s := p.services[name]
		return s != nil && (len(s.calls[key]) > 0 || s.parkedKey[key])
	})
}

// owes tells whether anything is still to happen to the order.
func (p *picture) owes(key string) bool {
	if p.moving(key) {
		return true
	}
	for _, s := range p.services {
		if len(s.calls[key]) > 0 || len(s.deadlines[key]) > 0 {
			return true
		}
	}
	return false
}

// ended tells whether the order has come to its end, and nothing is on its way for it.
func (p *picture) ended(key string, t *told) bool {
	return t.rows.order.status.Final() && !p.moving(key)
}

// sagas counts the accepted orders and those of them that have not come to their end.
func (p *picture) sagas() (all, open int) {
	for _, t := range p.facts.orders {
		if !t.rows.accepted {
			continue
		}
		all++
		if !t.rows.order.status.Final() {
			open++
		}
	}
	return all, open
}

// checkSagas: every accepted order has exactly one saga.
func checkSagas(p *picture) Check {
	t := newTally("sagas", "every accepted order has exactly one saga", "orders")
	if why := p.without("storefront", "order"); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if told.rows.accepted {
			t.check.Checked++
			if !told.rows.order.known && p.facts.await[key]["order"] == 0 && !p.services["order"].parkedKey[key] {
				t.broken(key, "it was accepted, and the order service does not know it")
			}
		}
		switch {
		case told.rows.order.status == "": // it heard something before the order itself
		case told.placed == 0:
			t.broken(key, "the order service has it, and nobody placed it")
		case told.placed > 1 || told.begun > 1:
			t.broken(key, "it was placed %d times and begun %d times", told.placed, told.begun)
		}
	}
	return t.done()
}

// checkEnds: every saga is in a final state or something is still to happen to it; each parcel leaves once.
func checkEnds(p *picture) Check {
	t := newTally("ends", "every saga has ended, or something is due that leads on", "sagas")
	if why := p.without("order"); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if o := told.rows.order; o.known {
			t.check.Checked++
			if o.status != "" && !o.status.Final() && !p.owes(key) {
				t.broken(key, "it is %s, and nothing is due: no call, no deadline, no event on its way%s", o.status, told.reason())
			}
		}
		for _, d := range told.dispatched {
			if d.times > 1 {
				t.broken(key, "parcel %s was handed over %d times", d.shipment, d.times).numbers(1, int64(d.times), "")
			}
		}
	}
	return t.done()
}

// reason is what is known about why an order does not go on.
func (t *told) reason() string {
	if refused := t.rows.refund.refused; refused > 0 {
		return fmt.Sprintf("; the gateway refused to refund %d", refused)
	}
	return ""
}

// checkParked: nothing waits for an operator.
func checkParked(p *picture) Check {
	t := newTally("parked", "no service has set a saga aside", "services")
	for name, s := range p.services {
		t.check.Checked++
		waiting := map[string]int{}
		reason := map[string]string{}
		for _, x := range s.parked {
			waiting[x.key]++
			if x.reason != "" && reason[x.key] == "" {
				first, _, _ := strings.Cut(x.reason, "\n")
				reason[x.key] = x.kind + ": " + first
			}
		}
		for key, n := range waiting {
			t.broken(key, "parked in %s with %d events; %s", name, n, reason[key])
		}
	}
	return t.done()
}
