package audit

import (
	"hash/maphash"
	"maps"
	"slices"

	"orderflow.example/shared/kafka"
)

// chain is the index of the records of one topic: eight bytes for each, to find the events of a key and to recognise a record by
// its id; the number of the last event of each key; and every markEvery records an offset, to read a record again.
type chain struct {
	last  map[string]uint32 // by key
	parts map[int]*part
	seed  maphash.Seed
}

type part struct {
	previous []uint32 // by number, from 1 on: the number of the event before it about the same key; 0 if there is none
	ids      []uint32 // by number, from 1 on: a hash of the id
	offsets  []int64  // of each markEvery-th record that was read, from number 1 on
	end      int64    // the offset after the last record that was read
	before   int64    // the last number read before this look

	from     int64          // compared before this look
	compared int64          // up to this number the outbox holds what the topic does
	waiting  []said         // what was read beyond it
	differ   map[int64]said // what was found to be another event than in the outbox
}

// markEvery is how many records lie between two of which the offset is kept.
const markEvery = 256

// said is a record to be compared with its row of the outbox.
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

// add appends the next record of a partition. Numbers have no holes.
func (c *chain) add(rec *kafka.Record) {
	p := c.part(rec.Partition)
	if len(p.ids)%markEvery == 0 {
		p.offsets = append(p.offsets, rec.Offset)
	}
	p.end = rec.Offset + 1
	p.previous = append(p.previous, c.last[rec.Key])
	p.ids = append(p.ids, c.hash(rec.ID))
	c.last[rec.Key] = uint32(rec.Sequence)
}

func (c *chain) hash(id string) uint32 { return uint32(maphash.String(c.seed, id)) }

// is tells whether the record is the one that was read under its number.
func (c *chain) is(rec *kafka.Record) bool {
	p := c.part(rec.Partition)
	return rec.Sequence >= 1 && rec.Sequence <= int64(len(p.ids)) && p.ids[rec.Sequence-1] == c.hash(rec.ID)
}

// between tells at which offsets, from the first to before the second, the record of a number was read.
func (c *chain) between(partition int, number int64) (from, to int64) {
	p, i := c.part(partition), (number-1)/markEvery
	if to = p.end; i+1 < int64(len(p.offsets)) {
		to = p.offsets[i+1]
	}
	return p.offsets[i], to
}

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

// match compares a new record with its row in the outbox, if the snapshot has it.
func (c *chain) match(s *snapshot, rec *kafka.Record, d digest) {
	p := c.part(rec.Partition)
	if agrees, known := s.agrees(rec.Partition, rec.Sequence, d); len(p.waiting) == 0 && known && agrees {
		p.compared = rec.Sequence
		return
	}
	p.waiting = append(p.waiting, said{digest: d, key: rec.Key, kind: rec.Type, id: rec.ID})
	c.matchWaiting(s, rec.Partition)
}

// matchWaiting compares records read before with the rows of the present snapshot.
func (c *chain) matchWaiting(s *snapshot, partition int) {
	p := c.part(partition)
	for n, x := range p.differ {
		if row, there := s.row(partition, n); there && row == x.digest {
			delete(p.differ, n)
		}
	}
	for len(p.waiting) > 0 {
		agrees, known := s.agrees(partition, p.compared+1, p.waiting[0].digest)
		if !known {
			return // decided later, or an offence of the outbox
		}
		p.compared++
		if !agrees {
			if p.differ == nil {
				p.differ = map[int64]said{}
			}
			p.differ[p.compared] = p.waiting[0]
		}
		p.waiting = p.waiting[1:]
	}
}

// agrees tells whether an event of the topic is the one of the outbox, if that is known. A pruned number cannot be compared any
// more.
func (s *snapshot) agrees(partition int, number int64, d digest) (agrees, known bool) {
	if number <= s.pruned[partition] {
		return true, true
	}
	row, there := s.row(partition, number)
	return row == d, there
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
