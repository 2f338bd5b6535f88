package choreography

import "orderflow.example/shared/saga"

// dated: a deadline falls due at a time that can be. How long after its event it does is held to it here; the time that an
// event carries only where it happens, so here it has to be read out of the example.
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

// carriesNoTime tells why no time is read out of the example of the event; "" if one is.
func carriesNoTime(l Language, r *saga.Row) (why string) {
	defer func() {
		if recover() != nil {
			why = "reading it out of the example panics"
		}
	}()
	data, ok := l.Example(r.On)
	if !ok {
		return "" // the rule of the language says so
	}
	payload, err := r.On.Decode(data)
	if err != nil {
		return ""
	}
	if due, _ := r.FallsDue(saga.Event{Type: r.On.Name(), Data: payload}); due.IsZero() {
		return "its example carries none"
	}
	return "" // how old the example is does not matter
}
