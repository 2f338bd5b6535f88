package demo

import "context"

// Goods are products of one price, with so many pieces of each in stock, for callers other than the demo.
type Goods struct {
	SKUs   []string
	Price  int64 // pence
	Pieces int64
}

// Sell puts goods on sale on the platform of the options, and returns once customers see them.
func Sell(ctx context.Context, o Options, g Goods) error {
	p := &Plan{names: namesOf("goods"), draft: newDraft()}
	wanted := make(map[int32]int64, len(g.SKUs))
	for i, sku := range g.SKUs {
		p.products = append(p.products, product{sku: sku, description: "Product " + sku, price: g.Price})
		wanted[int32(i)] = g.Pieces
	}
	p.opening, o.Plan = p.deliveries("opening", wanted, 100), p
	o.defaults()
	client, err := newClient(o, inFlight)
	if err != nil {
		return err
	}
	return newReplay(o, p, client).furnish(ctx)
}
