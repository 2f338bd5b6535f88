package inventory

import (
	"maps"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
)

// grant returns how much of each line is free for the order, earlier lines first, and the SKUs with a shortage.
func (s State) grant(lines []schemas.Line) (granted []schemas.Line, short []event.Shortage) {
	wanted, left := map[string]int64{}, map[string]int64{}
	var skus []string
	for _, l := range lines {
		if _, seen := wanted[l.SKU]; !seen {
			skus = append(skus, l.SKU)
			left[l.SKU] = s.free(l.SKU)
		}
		wanted[l.SKU] += l.Quantity
		l.Quantity = min(l.Quantity, left[l.SKU])
		if l.Quantity > 0 {
			left[l.SKU] -= l.Quantity
			granted = append(granted, l)
		}
	}
	for _, sku := range skus {
		if available := s.free(sku); available < wanted[sku] {
			short = append(short, event.Shortage{SKU: sku, Requested: wanted[sku], Available: available})
		}
	}
	return granted, short
}

// allocate finds warehouses for lines that are available: one that has everything, if there is one, else greedily the one that
// covers most of the rest. Among equals the one with the most stock of these SKUs comes first, then the first by name.
// Allocations are in the order of the lines.
func allocate(levels Levels, lines []schemas.Line) []schemas.Allocation {
	free := map[string]map[string]int64{} // by warehouse and SKU
	need := map[string]int64{}
	for _, l := range lines {
		if need[l.SKU] += l.Quantity; need[l.SKU] > l.Quantity {
			continue // seen before
		}
		for _, level := range levels.Of(l.SKU) {
			if free[level.Warehouse] == nil {
				free[level.Warehouse] = map[string]int64{}
			}
			free[level.Warehouse][l.SKU] = level.Available()
		}
	}
	names := slices.Sorted(maps.Keys(free))
	rest := slices.Clone(lines)
	parts := make([][]schemas.Allocation, len(lines))
	for len(need) > 0 {
		warehouse := best(names, free, need)
		for i := range rest {
			line := &rest[i]
			n := min(line.Quantity, free[warehouse][line.SKU])
			if n == 0 {
				continue
			}
			parts[i] = append(parts[i], schemas.Allocation{SKU: line.SKU, Quantity: n, UnitPrice: line.UnitPrice, Warehouse: warehouse})
			line.Quantity -= n
			free[warehouse][line.SKU] -= n
			if need[line.SKU] -= n; need[line.SKU] == 0 {
				delete(need, line.SKU)
			}
		}
	}
	return slices.Concat(parts...)
}

// best is the warehouse that covers most of the need.
func best(names []string, free map[string]map[string]int64, need map[string]int64) string {
	var name string
	var covers, stock int64
	for _, candidate := range names {
		var c, s int64
		for sku, n := range need {
			c, s = c+min(n, free[candidate][sku]), s+free[candidate][sku]
		}
		if c > covers || c == covers && c > 0 && s > stock {
			name, covers, stock = candidate, c, s
		}
	}
	if name == "" {
		panic("inventory: lines were granted that no warehouse has")
	}
	return name
}
