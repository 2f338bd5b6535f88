package archive

import (
	"cmp"
	"context"
	"slices"
)

// Holdings are the segments of a store, by topic and partition, in the order of their numbers.
type Holdings map[string]map[int][]Segment

// Hold lists the segments in a store. Other files are ignored.
func Hold(ctx context.Context, store Store) (Holdings, error) {
	names, err := store.List(ctx, segmentsFolder)
	if err != nil {
		return nil, err
	}
	h := Holdings{}
	for _, name := range names {
		s, ok := parseSegment(name)
		if !ok {
			continue
		}
		if h[s.Topic] == nil {
			h[s.Topic] = map[int][]Segment{}
		}
		h[s.Topic][s.Partition] = append(h[s.Topic][s.Partition], s)
	}
	for _, partitions := range h {
		for p, list := range partitions {
			slices.SortFunc(list, func(a, b Segment) int {
				return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
			})
			partitions[p] = list
		}
	}
	return h, nil
}

// From is the last number of the gapless run that follows the given one; the given one itself if the next is missing.
func (h Holdings) From(topic string, partition int, after int64) int64 {
	for _, s := range h[topic][partition] {
		if s.First > after+1 {
			break
		}
		after = max(after, s.Last)
	}
	return after
}

// Ends are the first and the last archived number of a topic partition; 0 if there is none. Some between may be missing.
func (h Holdings) Ends(topic string, partition int) (first, last int64) {
	for _, s := range h[topic][partition] {
		if first == 0 {
			first = s.First
		}
		last = max(last, s.Last)
	}
	return first, last
}

// holding returns, of the segments that hold a number, the one with the highest last number; false if none does.
func (h Holdings) holding(topic string, partition int, number int64) (found Segment, ok bool) {
	list := h[topic][partition]
	end, _ := slices.BinarySearchFunc(list, number+1, func(s Segment, n int64) int { return cmp.Compare(s.First, n) })
	for _, s := range slices.Backward(list[:end]) {
		if s.Last >= number && s.Last > found.Last {
			found, ok = s, true
		}
		if found.Last >= number && s.First < found.First {
			break
		}
	}
	return found, ok
}

// following returns the first number of the next segment that begins after the given one, 0 if there is none.
func (h Holdings) following(topic string, partition int, number int64) int64 {
	for _, s := range h[topic][partition] {
		if s.First > number {
			return s.First
		}
	}
	return 0
}
