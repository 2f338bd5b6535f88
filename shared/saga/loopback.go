package saga

// A loopback is a row on an event of another machine of the same service: an order's machine emits an event about the customer,
// and the customer's machine consumes it from the service's own topic, in the partition of the customer. No lock is held across
// the two, and a replay folds the own events of each machine as usual.
//
// A machine does not consume its own events: it reacted to them in the step that emitted them.

// Takes tells whether the machine has a row for a command, an event of another service, or a loopback. Its own events are none of
// these.
func (m *Machine) Takes(name string) bool {
	name = m.newest(name)
	return len(m.heard[name]) > 0 && !m.says[name]
}

// Emits tells whether a row of the machine emits this event.
func (m *Machine) Emits(name string) bool { return m.says[m.newest(name)] }

// Loopbacks lists the names of the events that the machine consumes from its own service's topic, in the order declared.
func (m *Machine) Loopbacks() (names []string) {
	for _, name := range m.Hears() {
		if Producer(name) == m.Service {
			names = append(names, name)
		}
	}
	return names
}
