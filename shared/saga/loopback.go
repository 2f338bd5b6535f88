package saga

// A loopback is a row by which a machine hears what another machine of its own service says: an order's machine says
// something about the customer, and the customer's machine hears it from the service's own topic, in the partition of the
// customer. No lock is held across the two, and a replay folds each machine's own events as ever.
//
// What a machine says itself it does not hear from the topic: it has reacted to that in the step that said it.

// Takes tells whether the machine has a row for what comes to it from elsewhere: a command, an event of another service,
// or a loopback. What it says itself does not come from elsewhere.
func (m *Machine) Takes(name string) bool {
	name = m.newest(name)
	return len(m.heard[name]) > 0 && !m.says[name]
}

// Emits tells whether a row of the machine says this event.
func (m *Machine) Emits(name string) bool { return m.says[m.newest(name)] }

// Loopbacks lists the names of the events that the machine hears from its own service's topic, in the order declared.
func (m *Machine) Loopbacks() (names []string) {
	for _, name := range m.Hears() {
		if Producer(name) == m.Service {
			names = append(names, name)
		}
	}
	return names
}
