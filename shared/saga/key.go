package saga

import "slices"

// Key names what a machine's states, or an event, are about, and so what the order of events is kept for: an order, a
// product by its SKU, a customer, a day. Machines declare theirs; an event is heard under the key it is said about.
type Key string

// Order is the key of sagas: the id of the order that everything happens for. Events are about it unless declared Keyed.
const Order Key = "order"

// Keys are those that the machine's states are kept under: the one it declares, and what it declares Also.
func (m *Machine) Keys() []Key { return append([]Key{m.Key}, m.Also...) }

// KeptUnder tells whether the machine declares the key.
func (m *Machine) KeptUnder(k Key) bool { return slices.Contains(m.Keys(), k) }
