package app

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"orderflow.example/shared/engine"
)

func TestAParkedOrderIsPassedOverAndTheSearchEndsWhereTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	orders := []string{"a", "b", "c", "d"}
	find := func(after string) (string, []string, error) {
		left := slices.DeleteFunc(slices.Clone(orders), func(o string) bool { return o <= after })
		return "2026-03-01", left[:min(2, len(left))], nil
	}
	down := errors.New("the database is down")
	for _, c := range []struct {
		fails string
		with  error
		want  string
		err   error
	}{
		{"", nil, "[a b c d]", nil},
		{"a", fmt.Errorf("order a: %w", engine.ErrParked), "[b c d]", nil},
		{"d", engine.ErrParked, "[a b c]", nil},
		{"c", down, "[a b]", down},
	} {
		var told []string
		err := tellAll(find, func(order, through string) error {
			if order == c.fails || through != "2026-03-01" {
				return c.with
			}
			told = append(told, order)
			return nil
		})
		if fmt.Sprint(told) != c.want || !errors.Is(err, c.err) {
			t.Errorf("with %s failing: told %v, %v", c.fails, told, err)
		}
	}
}
