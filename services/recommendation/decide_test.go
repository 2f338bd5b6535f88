package recommendation

import (
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/recommendation"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

func TestABasketIsNotedOnceWithItsGoodsInTheOrderOfTheLines(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 30, 4, 999, time.UTC)
	confirmed := saga.Event{Key: "o", Time: at}
	lines := []schemas.Allocation{{SKU: "B"}, {SKU: "A"}, {SKU: "B", Warehouse: "south"}, {SKU: "C"}}
	said := note(Blank("o"), confirmed, order.ConfirmedV1{CustomerID: "ann", Lines: lines})
	if len(said) != 2 || said[0].Data.(event.OrderNotedV1).Goods != 3 {
		t.Fatal(said)
	}
	b := said[1].Data.(event.BasketNotedV1)
	if said[1].Key != Shop || b.OrderID != "o" || b.CustomerID != "ann" || b.ConfirmedAt != "2026-03-01T09:30:04.000000Z" ||
		!slices.Equal(b.SKUs, []string{"B", "A", "C"}) {
		t.Error(b)
	}
	if again := note(Evolve(Blank("o"), said[0]), confirmed, order.ConfirmedV1{Lines: lines}); again != nil {
		t.Error(again)
	}
}

func TestWhatAVisitorLookedAtLastSpeaksMostAndACartMoreThanAView(t *testing.T) {
	t.Parallel()
	v := BlankVisitor("guest:1")
	look := func(kind, sku string) storefront.Interaction {
		return storefront.Interaction{Kind: kind, SKU: sku, At: "x"}
	}
	for range mostLooked {
		v = looked(v, storefront.InteractionsRecordedV1{Interactions: []storefront.Interaction{look("view", "OLD")}}, time.Time{})
	}
	v = looked(v, storefront.InteractionsRecordedV1{Interactions: []storefront.Interaction{look("cart", "A"), look("view", "B"),
		{Kind: "search", Query: "lantern", At: "x"}, look("view", "C")}}, time.Time{})
	w := v.Wants()
	if len(v.Seen) != mostLooked || len(w) != 4 || w[0].SKU != "C" || w[1].SKU != "B" || w[2].SKU != "A" || w[3].SKU != "OLD" {
		t.Fatal(v, w)
	}
	if w[0].Weight <= w[1].Weight || w[2].Weight <= w[0].Weight {
		t.Error(w)
	}
}

func TestOnlyWhatIsListedAndThereOrBackorderableIsSold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		Product
		want bool
	}{
		{Product{Listed: true, Available: 1}, true}, {Product{Listed: true, Backorderable: true}, true},
		{Product{Listed: true, Available: 1, Withdrawn: true}, false},
		{Product{Listed: true}, false}, {Product{Available: 5}, false}, {Product{Listed: true, Available: -1}, false},
	} {
		if c.Sold() != c.want {
			t.Errorf("%+v: %v", c.Product, c.Sold())
		}
	}
}
