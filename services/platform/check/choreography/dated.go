package choreography

import "orderflow.example/shared/saga"

// dated: a deadline falls due at a possible time. The duration after its event is checked here; the time that an event
// carries is only known at run time, so here it must be readable from the example.
func (g *graph) dated(l Language) Rule {
	rule := Rule{Name: "dated", Says: "every deadline falls due within a year, or at a time that its event carries", Of: "deadlines"}
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Deadline {
			return
		}
		switch rule.Looked++; {
		case !r.TellsWhen() && r.After <= 0:
			rule.fault(m, "has a deadline on %s that falls due before it begins: after %s", plain(r.On), r.After)
		case !r.TellsWhen() && r.After > saga.Farthest:
			rule.fault(m, "has a deadline on %s that falls due after more than a year: %s", plain(r.On), r.After)
		case r.TellsWhen():
			if why := carriesNoTime(l, r); why != "" {
				rule.fault(m, "has a deadline at the time that %s carries, and %s", plain(r.On), why)
			}
		}
	})
	return rule
}

// carriesNoTime returns why no time can be read from the example of the event; "" if it can.
func carriesNoTime(l Language, r *saga.Row) (why string) {
	defer func() {
		if recover() != nil {
			why = "reading it out of the example panics"
		}
	}()
	data, ok := l.Example(r.On)
	if !ok {
		return "" // reported by the rule of the language
	}
	payload, err := r.On.Decode(data)
	if err != nil {
		return ""
	}
	if due, _ := r.FallsDue(saga.Event{Type: r.On.Name(), Data: payload}); due.IsZero() {
		return "its example carries none"
	}
	return "" // the age of the example does not matter
}
