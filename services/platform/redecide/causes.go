package redecide

import (
	"hash/maphash"
	"strconv"
)

// causes are what led to own events: hashes of the ids of what was heard, each with the machine that answered it. A service
// has too many to keep them whole.
type causes map[uint64]struct{}

var seed = maphash.MakeSeed()

// Beside the numbers of machines: what this build does not know who said, and own events that led to something later, by an
// answer or a deadline.
const (
	nobody = -1
	later  = -2
)

func hashOf(machine int, id string) uint64 { return maphash.String(seed, strconv.Itoa(machine)+" "+id) }

func (c causes) add(machine int, id string) { c[hashOf(machine, id)] = struct{}{} }

// had tells whether the machine said something because of this.
func (c causes) had(machine int, id string) bool {
	_, had := c[hashOf(machine, id)]
	return had
}
