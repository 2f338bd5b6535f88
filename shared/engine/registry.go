package engine

import (
	"slices"
	"sync"
)

// registry lists the partitions that run in this process. A partition adds and removes itself.
type registry struct {
	mu         sync.Mutex
	partitions map[int]*partition
}

func (r *registry) add(p *partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.partitions[p.partition] = p
}

// remove removes this partition, and not a later one of the same number.
func (r *registry) remove(p *partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.partitions[p.partition] == p {
		delete(r.partitions, p.partition)
	}
}

// of is the partition of this number; nil if it does not run here.
func (r *registry) of(number int) *partition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.partitions[number]
}

// all are the partitions in the order of their numbers.
func (r *registry) all() []*partition {
	r.mu.Lock()
	list := make([]*partition, 0, len(r.partitions))
	for _, p := range r.partitions {
		list = append(list, p)
	}
	r.mu.Unlock()
	slices.SortFunc(list, func(a, b *partition) int { return a.partition - b.partition })
	return list
}
