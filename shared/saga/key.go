package saga

import "slices"

// Key names what a machine's states, or an event, are about: an order, a product by its SKU, a customer, a day. Events of one key
// are consumed in order. Machines declare theirs.
type Key string

// Order is the key of sagas: the id of the order that everything happens for. Events are about it unless declared Keyed.
const Order Key = "order"

// Keys are those of the machine's states: the one that it declares, and those declared by Also.
func (m *Machine) Keys() []Key { return append([]Key{m.Key}, m.Also...) }

// KeptUnder tells whether the machine declares the key.
func (m *Machine) KeptUnder(k Key) bool { return slices.Contains(m.Keys(), k) }
