package audit

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/shared/saga/audit"
)

// without names the first of the roles whose service has no snapshot; "" if all have one.
func (p *picture) without(roles ...audit.Role) string {
	for _, role := range roles {
		if p.in(role) == nil {
			return "the database of " + p.who(role) + " is not here"
		}
	}
	return ""
}

// who is the service with the role, with or without a snapshot.
func (p *picture) who(role audit.Role) string {
	for _, app := range p.Apps {
		if app.Model.Role == role {
			return app.Name
		}
	}
	return "the service that " + string(role)
}

// in is the snapshot of the service with the role; nil if there is none.
func (p *picture) in(role audit.Role) *snapshot { return p.services[p.who(role)] }

// moving tells whether events are on their way to any service for the order, or parked in one.
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

// asking tells whether one of the services has an open or parked call for the order.
func (p *picture) asking(key string, roles ...audit.Role) bool {
	return slices.ContainsFunc(roles, func(role audit.Role) bool { return p.in(role).asks(key) })
}

// askingAny is asking for all services.
func (p *picture) askingAny(key string) bool {
	for _, s := range p.services {
		if s.asks(key) {
			return true
		}
	}
	return false
}

func (s *snapshot) asks(key string) bool {
	return s != nil && (len(s.calls[key]) > 0 || s.parkedKey[key])
}

// owes tells whether something is still due for the order.
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

// ended tells whether the order is in a final state, with no events on their way.
func (p *picture) ended(key string, t *told) bool {
	return t.rows.order.Ending != audit.Open && !p.moving(key)
}

// sagas counts the accepted orders and the open ones among them.
func (p *picture) sagas() (all, open int) {
	for _, t := range p.facts.orders {
		if !t.rows.accepted {
			continue
		}
		all++
		if t.rows.order.Ending == audit.Open {
			open++
		}
	}
	return all, open
}

// checkSagas: every accepted order has exactly one saga.
func checkSagas(p *picture) Check {
	t := newTally("sagas", "every accepted order has exactly one saga", "orders")
	if why := p.without(audit.Accepts, audit.Decides); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if told.rows.accepted {
			t.check.Checked++
			if !told.rows.order.known && p.facts.await[key][p.who(audit.Decides)] == 0 && !p.in(audit.Decides).parkedKey[key] {
				t.broken(key, "it was accepted, and the order service does not know it")
			}
		}
		switch {
		case told.rows.order.Status == "": // it heard something before the order itself
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
	if why := p.without(audit.Decides); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if o := told.rows.order; o.known {
			t.check.Checked++
			if o.Status != "" && o.Ending == audit.Open && !p.owes(key) {
				t.broken(key, "it is %s, and nothing is due: no call, no deadline, no event on its way%s", o.Status, told.reason())
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
	if refused := t.rows.refund.Refused; refused > 0 {
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
