package tracker

import (
	"cmp"
	"container/heap"
)

// inCausalOrder sorts records by time, but puts a cause before its effects and keeps the order of each topic partition. It
// leaves out repeats on the topic.
func inCausalOrder(records []Record) []Record {
	q := &queue{records: records}
	number := make(map[string]int, len(records))
	for i := range records {
		if _, repeated := number[records[i].ID]; !repeated {
			number[records[i].ID] = i
			q.waiting = append(q.waiting, i)
		}
	}
	after := make(map[int][]int, len(records)) // by record: the records that must follow it
	waits := make([]int, len(records))
	wait := func(later, earlier int) {
		if later != earlier {
			after[earlier] = append(after[earlier], later)
			waits[later]++
		}
	}
	heads := map[where]int{}
	byNumber := &queue{records: records, waiting: append([]int(nil), q.waiting...), byNumber: true}
	heap.Init(byNumber)
	for byNumber.Len() > 0 {
		i := heap.Pop(byNumber).(int)
		at := where{records[i].Topic, records[i].Partition}
		if before, any := heads[at]; any {
			wait(i, before)
		}
		heads[at] = i
		if cause, there := number[records[i].Cause]; there {
			wait(i, cause)
		}
	}
	all := q.waiting
	q.waiting = nil
	placed := make([]bool, len(records))
	for _, i := range all {
		if waits[i] == 0 {
			heap.Push(q, i)
		}
	}
	sorted := make([]Record, 0, len(all))
	for len(sorted) < len(all) {
		if q.Len() == 0 { // a cycle of causes: no producer makes one, and it must not hide the events
			for _, i := range all {
				if !placed[i] {
					heap.Push(q, i)
				}
			}
		}
		i := heap.Pop(q).(int)
		if placed[i] {
			continue
		}
		placed[i] = true
		sorted = append(sorted, records[i])
		for _, later := range after[i] {
			if waits[later]--; waits[later] == 0 && !placed[later] {
				heap.Push(q, later)
			}
		}
	}
	return sorted
}

// queue orders records by time, or by their numbers.
type queue struct {
	records  []Record
	waiting  []int
	byNumber bool
}

func (q *queue) Len() int      { return len(q.waiting) }
func (q *queue) Swap(i, j int) { q.waiting[i], q.waiting[j] = q.waiting[j], q.waiting[i] }
func (q *queue) Push(i any)    { q.waiting = append(q.waiting, i.(int)) }
func (q *queue) Pop() any {
	last := q.waiting[len(q.waiting)-1]
	q.waiting = q.waiting[:len(q.waiting)-1]
	return last
}

func (q *queue) Less(i, j int) bool {
	a, b := &q.records[q.waiting[i]], &q.records[q.waiting[j]]
	if q.byNumber {
		return cmp.Less(a.Sequence, b.Sequence)
	}
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition),
		cmp.Compare(a.Sequence, b.Sequence)) < 0
}
