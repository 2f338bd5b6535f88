package bench

import (
	"cmp"
	"context"
	"slices"

	"orderflow.example/services/platform/demo"
)

// mostPopular recommends what is in most orders.
type mostPopular struct{ orders map[string]int }

func (p *mostPopular) learn(_ context.Context, baskets ...demo.Basket) error {
	for _, b := range baskets {
		for _, sku := range b.SKUs {
			p.orders[sku]++
		}
	}
	return nil
}

func (p *mostPopular) ask(_ context.Context, b demo.Basket, hidden int) ([]string, error) {
	return most(p.orders, b, hidden), nil
}

// cooccurrence recommends what is in most orders together with the goods of the basket, each pair counted.
type cooccurrence struct {
	ids   map[string]int32
	skus  []string
	pairs []map[int32]int32
}

func (c *cooccurrence) learn(_ context.Context, baskets ...demo.Basket) error {
	for _, b := range baskets {
		ids := make([]int32, len(b.SKUs))
		for i, sku := range b.SKUs {
			id, known := c.ids[sku]
			if !known {
				id = int32(len(c.skus))
				c.ids[sku], c.skus, c.pairs = id, append(c.skus, sku), append(c.pairs, map[int32]int32{})
			}
			ids[i] = id
		}
		for _, one := range ids {
			for _, other := range ids {
				if one != other {
					c.pairs[one][other]++
				}
			}
		}
	}
	return nil
}

func (c *cooccurrence) ask(_ context.Context, b demo.Basket, hidden int) ([]string, error) {
	counts := map[string]int{}
	for i, sku := range b.SKUs {
		id, known := c.ids[sku]
		if i == hidden || !known {
			continue
		}
		for other, n := range c.pairs[id] {
			counts[c.skus[other]] += int(n)
		}
	}
	return most(counts, b, hidden), nil
}

// most are the goods of the highest counts, without those of the basket that are not hidden.
func most(counts map[string]int, b demo.Basket, hidden int) (list []string) {
	skip := map[string]bool{}
	for i, sku := range b.SKUs {
		skip[sku] = i != hidden
	}
	better := func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) }
	for sku := range counts {
		if skip[sku] || len(list) == answers && better(list[answers-1], sku) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(list, sku, better)
		list = slices.Insert(list, at, sku)
		list = list[:min(len(list), answers)]
	}
	return list
}
