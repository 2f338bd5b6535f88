package verify

import (
	"hash/maphash"
	"maps"
	"slices"

	"orderflow.example/shared/kafka"
)

// chain is what is kept of each record of one topic that was read: eight bytes, to find the events of a key again and to
// know a record by its id, and of each key the number of its last event.
type chain struct {
	last  map[string]uint32 // by key
	parts map[int]*part
	seed  maphash.Seed
}

type part struct {
	previous []uint32 // by number, from 1 on: the number of the event before it about the same key; 0 if there is none
	ids      []uint32 // by number, from 1 on: a hash of the id
	before   int64    // the last number read before this look

	from     int64          // compared before this look
	compared int64          // up to this number the outbox holds what the topic does
	waiting  []said         // what was read beyond it
	differ   map[int64]said // what was found to be another event than in the outbox
}

// said is a record as it is compared with its row of the outbox.
type said struct {
	digest        digest
	key, kind, id string
}

func newChain() *chain {
	return &chain{last: map[string]uint32{}, parts: map[int]*part{}, seed: maphash.MakeSeed()}
}

func (c *chain) part(partition int) *part {
	p := c.parts[partition]
	if p == nil {
		p = &part{}
		c.parts[partition] = p
	}
	return p
}

func (c *chain) begin(last map[int]int64) {
	for partition, n := range last {
		p := c.part(partition)
		p.before, p.from = n, p.compared
	}
}

// add takes in the next record of a partition. They come without holes.
func (c *chain) add(rec *kafka.Record) {
	p := c.part(rec.Partition)
	p.previous = append(p.previous, c.last[rec.Key])
	p.ids = append(p.ids, c.hash(rec.ID))
	c.last[rec.Key] = uint32(rec.Sequence)
}

func (c *chain) hash(id string) uint32 { return uint32(maphash.String(c.seed, id)) }

// of lists the numbers of a key's events that were read before this look, in their order.
func (c *chain) of(key string, partition int) (numbers []int64) {
	p := c.part(partition)
	for n := c.last[key]; n != 0; n = p.previous[n-1] {
		if int64(n) <= p.before {
			numbers = append(numbers, int64(n))
		}
	}
	slices.Reverse(numbers)
	return numbers
}

// numberOf finds the record with this id, the one nearest to where it should be.
func (c *chain) numberOf(partition int, id string, near int64) (number int64, found bool) {
	p, wanted := c.part(partition), c.hash(id)
	if near >= 1 && near <= int64(len(p.ids)) && p.ids[near-1] == wanted {
		return near, true
	}
	for i, h := range p.ids {
		n := int64(i + 1)
		if h == wanted && (!found || abs(n-near) < abs(number-near)) {
			number, found = n, true
		}
	}
	return number, found
}

func abs(n int64) int64 { return max(n, -n) }

// match holds a record that was just read to its row in the outbox, where the snapshot has it.
func (c *chain) match(s *snapshot, rec *kafka.Record) {
	p := c.part(rec.Partition)
	x := said{digest: digestOf(rec)}
	row, there := s.row(rec.Partition, rec.Sequence)
	if len(p.waiting) == 0 && there && row == x.digest {
		p.compared = rec.Sequence
		return
	}
	x.key, x.kind, x.id = rec.Key, rec.Type, rec.ID
	p.waiting = append(p.waiting, x)
	c.matchWaiting(s, rec.Partition)
}

// matchWaiting compares what was read with the rows that the snapshot has by now.
func (c *chain) matchWaiting(s *snapshot, partition int) {
	p := c.part(partition)
	for n, x := range p.differ {
		if row, there := s.row(partition, n); there && row == x.digest {
			delete(p.differ, n)
		}
	}
	for len(p.waiting) > 0 {
		row, there := s.row(partition, p.compared+1)
		if !there {
			return // decided later, or told of with the outbox
		}
		p.compared++
		if row != p.waiting[0].digest {
			if p.differ == nil {
				p.differ = map[int64]said{}
			}
			p.differ[p.compared] = p.waiting[0]
		}
		p.waiting = p.waiting[1:]
	}
}

// row is an event of the outbox, where it was read and no number is missing before it.
func (s *snapshot) row(partition int, number int64) (digest, bool) {
	if d, there := s.anew[partition][number]; there {
		return d, true
	}
	rows, i := s.outbox[partition], number-s.first[partition]
	if number > s.counters[partition] || !s.dense[partition] || i < 0 || i >= int64(len(rows)) {
		return digest{}, false
	}
	return rows[i], true
}

// different lists what is different from the outbox, in the order of the numbers.
func (c *chain) different(partition int) []int64 {
	return slices.Sorted(maps.Keys(c.part(partition).differ))
}
