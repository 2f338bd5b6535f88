package schemas_test

import (
	"reflect"
	"testing"

	"orderflow.example/schemas"
)

func TestWithoutTakesPiecesOffLinesOfTheSamePriceAndPlace(t *testing.T) {
	t.Parallel()
	line := func(n, price int64, at string) schemas.Allocation {
		return schemas.Allocation{SKU: "TEA", Quantity: n, UnitPrice: price, Warehouse: at}
	}
	all := []schemas.Allocation{line(2, 100, "LEEDS"), line(3, 90, "LEEDS"), line(1, 100, "YORK"), line(2, 100, "LEEDS")}
	part := []schemas.Allocation{line(3, 100, "LEEDS"), line(1, 90, "LEEDS"), line(7, 100, "BATH")}
	left := schemas.Without(all, part)
	want := []schemas.Allocation{line(2, 90, "LEEDS"), line(1, 100, "YORK"), line(1, 100, "LEEDS")}
	if !reflect.DeepEqual(left, want) {
		t.Errorf("got  %v\nwant %v", left, want)
	}
	if got := schemas.Without(all, all); got != nil {
		t.Errorf("all without all is %v", got)
	}
	if all[0] != line(2, 100, "LEEDS") || schemas.Pieces(all) != 8 || schemas.Worth(all) != 770 {
		t.Errorf("they are %v now", all)
	}
}
