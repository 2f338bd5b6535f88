package explore

import "slices"

// table numbers things by a text that distinguishes them.
type table[T any] struct {
	at []T
	of map[string]int32
}

// number returns the number of the thing with this text, made if it is new.
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

// list is a long list of numbers that grows without being copied.
type list struct {
	width  int // numbers in a group
	chunks [][]int32
	count  int // of such groups
}

const chunk = 1 << 16 // groups in a chunk

func (l *list) add(group ...int32) {
	if l.count%chunk == 0 {
		l.chunks = append(l.chunks, make([]int32, 0, chunk*l.width))
	}
	last := len(l.chunks) - 1
	l.chunks[last] = append(l.chunks[last], group...)
	l.count++
}

func (l *list) get(n int) []int32 {
	at := n % chunk * l.width
	return l.chunks[n/chunk][at : at+l.width : at+l.width]
}

func (l *list) one(n int) int32 { return l.chunks[n/chunk][n%chunk] }

// set holds the numbers of whole states, each a vector of parts, by an open hash.
type set struct {
	list
	slots []int32 // the number plus one; 0 is free
}

func newSet(width int) *set { return &set{list: list{width: width}, slots: make([]int32, 1<<12)} }

func (s *set) len() int { return s.count }

// add tells the number of the state, and whether it is new.
func (s *set) add(state []int32) (n int, fresh bool) {
	i := s.find(state)
	if s.slots[i] != 0 {
		return int(s.slots[i] - 1), false
	}
	n = s.count
	s.list.add(state...)
	s.slots[i] = int32(n + 1)
	if n+1 > len(s.slots)*3/4 {
		s.grow()
	}
	return n, true
}

// find returns the slot of the state, or the free one it would have.
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

// hash mixes the numbers of the parts, in their order, as FNV-1a does with bytes, and spreads the result.
func hash(state []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range state {
		h = (h ^ uint64(uint32(v))) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h >> 20
}
