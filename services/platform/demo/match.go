package demo

// matcher finds the orders that cancellations take back.
type matcher struct {
	account *account
	held    map[purchase][]holding // oldest first
}

type purchase struct {
	customer customer
	sku      int32
}

// holding is the quantity of a line of an order that a customer has not returned.
type holding struct {
	order *order
	left  int64
}

func newMatcher(a *account) *matcher { return &matcher{account: a, held: map[purchase][]holding{}} }

func (m *matcher) sold(o *order) {
	for _, l := range o.lines {
		p := purchase{o.customer, l.sku}
		m.held[p] = append(m.held[p], holding{o, l.quantity})
	}
}

// cancel matches each line with the latest earlier order that has enough left of it, and groups the lines by order.
func (m *matcher) cancel(v *invoice) (cancels []*cancellation) {
	byOrder := map[*order]*cancellation{}
	for _, l := range v.lines {
		if v.customer == (customer{}) {
			m.account.refuse(l, true, "names no customer")
			continue
		}
		o := m.take(purchase{v.customer, l.sku}, l.quantity)
		if o == nil {
			m.account.refuse(l, true, "matches no earlier order")
			continue
		}
		if byOrder[o] == nil {
			byOrder[o] = &cancellation{invoice: v.key, of: o}
			cancels = append(cancels, byOrder[o])
		}
		byOrder[o].lines = append(byOrder[o].lines, l)
	}
	for _, c := range cancels {
		c.lines = merge(c.lines)
		c.whole = pieces(c.lines) == pieces(c.of.lines)
	}
	return cancels
}

func (m *matcher) take(p purchase, quantity int64) *order {
	held := m.held[p]
	for i := len(held) - 1; i >= 0; i-- {
		if held[i].left >= quantity {
			held[i].left -= quantity
			return held[i].order
		}
	}
	return nil
}

func pieces(lines []line) (n int64) {
	for _, l := range lines {
		n += l.quantity
	}
	return n
}
