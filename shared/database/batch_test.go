package database_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"orderflow.example/shared/database"
)

func TestABatchTellsEveryCallerOfItsFailureAndGoesOn(t *testing.T) {
	t.Parallel()
	fail := errors.New("down")
	b := database.NewBatch(func(_ context.Context, asked []int) ([]int, error) {
		if slices.Contains(asked, 13) {
			return nil, fail
		}
		return asked, nil
	})
	if _, err := b.Do(t.Context(), 13); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			if got, err := b.Do(context.Background(), i+100); got != i+100 || err != nil {
				t.Errorf("asked %d, got %d %v", i+100, got, err)
			}
		})
	}
	all.Wait()
}
