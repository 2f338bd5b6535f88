package explore

import "slices"

// table numbers things by a text that tells them apart.
type table[T any] struct {
	at []T
	of map[string]int32
}

// number is the number of the thing with this text, made if it is new.
func (t *table[T]) number(text string, thing func() T) int32 {
	if n, known := t.of[text]; known {
		return n
	}
	if t.of == nil {
		t.of = map[string]int32{}
	}
	n := int32(len(t.at))
	t.of[text] = n
	t.at = append(t.at, thing())
	return n
}

// set holds the numbers of whole states, each a vector of parts, by an open hash.
type set struct {
	width  int
	states []int32 // width for each
	slots  []int32 // the number plus one; 0 is free
}

func newSet(width int) *set { return &set{width: width, slots: make([]int32, 1<<12)} }

func (s *set) len() int { return len(s.states) / s.width }

func (s *set) get(n int) []int32 { return s.states[n*s.width : (n+1)*s.width : (n+1)*s.width] }

// add tells the number of the state, and whether it is new.
func (s *set) add(state []int32) (n int, fresh bool) {
	i := s.find(state)
	if s.slots[i] != 0 {
		return int(s.slots[i] - 1), false
	}
	n = s.len()
	s.states = append(s.states, state...)
	s.slots[i] = int32(n + 1)
	if n+1 > len(s.slots)/2 {
		s.grow()
	}
	return n, true
}

// find is the slot of the state, or the free one it would have.
func (s *set) find(state []int32) int {
	mask := len(s.slots) - 1
	i := int(hash(state)) & mask
	for s.slots[i] != 0 && !slices.Equal(s.get(int(s.slots[i]-1)), state) {
		i = (i + 1) & mask
	}
	return i
}

func (s *set) grow() {
	s.slots = make([]int32, 2*len(s.slots))
	mask := len(s.slots) - 1
	for n := range s.len() {
		i := int(hash(s.get(n))) & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = int32(n + 1)
	}
}

// hash mixes the numbers of the parts, in their order, as FNV-1a does bytes, and spreads the result.
func hash(state []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range state {
		h = (h ^ uint64(uint32(v))) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h >> 20
}
