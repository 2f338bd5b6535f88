package store

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/catalog"
)

func TestAProductSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	for _, want := range []catalog.Product{
		catalog.Blank("tea"),
		{SKU: "tea", Listed: true, Description: "green tea", Price: schemas.Money{Amount: 350, Currency: "EUR"}, Backorderable: true},
	} {
		if got := fromRow(toRow(want)); got != want {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
}
