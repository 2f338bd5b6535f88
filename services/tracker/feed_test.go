package tracker

import (
	"fmt"
	"slices"
	"testing"
)

func TestChangesAreToldOnceEachAndThatSomeWereMissed(t *testing.T) {
	t.Parallel()
	x := New(machines())
	_, n, _ := x.Changes(0)
	for _, id := range []string{"o1", "o2", "o1"} {
		x.feed.note(newStory(IDOf(id), id))
	}
	same := newStory(IDOf("o3"), "o3")
	x.feed.note(same)
	x.feed.note(same)
	orders, by, all := x.Changes(n + 2)
	if !slices.Equal(orders, []string{"o1", "o3"}) || by != n+5 || !all {
		t.Errorf("told are %v, %d, %t", orders, by, all)
	}
	for i := range 2000 {
		x.feed.note(newStory(IDOf(fmt.Sprint(i)), fmt.Sprint(i)))
	}
	if orders, _, all := x.Changes(by); all || len(orders) != 1024 {
		t.Errorf("told are %d, and all: %t", len(orders), all)
	}
	if orders, _, all := x.Changes(by + 2000); !all || orders != nil {
		t.Errorf("without changes: %v %t", orders, all)
	}
}
