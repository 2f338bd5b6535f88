package explore

import (
	"iter"
	"slices"
)

// following are the states that follow one.
func (x *search) following(n int) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		start := int32(0)
		if n > 0 {
			start = x.ranges.one(n - 1)
		}
		for i := start; i < x.ranges.one(n); i++ {
			if !yield(x.next.one(int(i))) {
				return
			}
		}
	}
}

// findCycle looks for a saga that never ends: the states left over when states without a predecessor are removed, one
// after the other.
func (x *search) findCycle() {
	leads := make([]int32, x.seen.len())
	for n := range x.next.count {
		leads[x.next.one(n)]++
	}
	var free []int32
	for n, count := range leads {
		if count == 0 {
			free = append(free, int32(n))
		}
	}
	for done := 0; done < len(free); done++ {
		for to := range x.following(int(free[done])) {
			if leads[to]--; leads[to] == 0 {
				free = append(free, to)
			}
		}
	}
	if len(free) == len(leads) {
		return
	}
	// The states left over are in a cycle, or follow from one: going back from any of them leads into the cycle.
	from := map[int32]int32{}
	for n := range leads {
		for to := range x.following(n) {
			if leads[n] > 0 && leads[to] > 0 {
				from[to] = int32(n)
			}
		}
	}
	met := map[int32]int{}
	var way []int32
	for at := int32(slices.IndexFunc(leads, func(count int32) bool { return count > 0 })); ; at = from[at] {
		if first, again := met[at]; again {
			way = append(way[first:], at)
			slices.Reverse(way)
			x.Violation = x.goesRound(way)
			return
		}
		met[at] = len(way)
		way = append(way, at)
	}
}
