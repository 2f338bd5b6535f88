package recommendation

import (
	"slices"
	"time"

	"orderflow.example/schemas/storefront"
)

// mostLooked are kept of one visitor, the latest.
const mostLooked = 30

// How much an interaction counts, against a good in a basket.
const (
	viewed   = 0.3
	inCart   = 1
	lookAway = 0.9 // each later look makes the earlier ones count less by this
)

// Visitor is a customer or guest, and the goods that they looked at, the latest last.
type Visitor struct {
	Key  string
	Seen []Look
}

// Look is one interaction with a good.
type Look struct {
	SKU  string `json:"sku"`
	Kind string `json:"kind"`
}

// BlankVisitor is a visitor of whom nothing is known.
func BlankVisitor(key string) Visitor { return Visitor{Key: key} }

func looked(v Visitor, e storefront.InteractionsRecordedV1, _ time.Time) Visitor {
	seen := slices.Clone(v.Seen)
	for _, i := range e.Interactions {
		if i.SKU != "" {
			seen = append(seen, Look{i.SKU, i.Kind})
		}
	}
	v.Seen = seen[max(0, len(seen)-mostLooked):]
	return v
}

// Wants are the goods that the visitor's looks speak for.
func (v Visitor) Wants() (list []Wanted) {
	weight, at := 1.0, map[string]bool{}
	for _, l := range slices.Backward(v.Seen) {
		if at[l.SKU] {
			continue
		}
		at[l.SKU] = true
		each := viewed
		if l.Kind == storefront.InteractionCart {
			each = inCart
		}
		list = append(list, Wanted{l.SKU, float64(each * weight)})
		weight *= lookAway
	}
	return list
}
