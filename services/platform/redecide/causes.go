package redecide

import (
	"hash/maphash"
	"strconv"
)

// causes are the causes of own events: hashes of their ids, each with the machine that reacted. A service has too many to keep
// the ids.
type causes map[uint64]struct{}

var seed = maphash.MakeSeed()

// Values beside the numbers of machines: nobody for events that no machine of this build emits, later for own events that an
// answer or a deadline followed.
const (
	nobody = -1
	later  = -2
)

func hashOf(machine int, id string) uint64 { return maphash.String(seed, strconv.Itoa(machine)+" "+id) }

func (c causes) add(machine int, id string) { c[hashOf(machine, id)] = struct{}{} }

// had tells whether the machine emitted something because of this.
func (c causes) had(machine int, id string) bool {
	_, had := c[hashOf(machine, id)]
	return had
}
