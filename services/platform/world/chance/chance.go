// Package chance derives pseudo-random values from a seed and names by a hash: the same names give the same value, also
// after a restart. The simulated world uses it for durations and faults. It is not random and not secret.
package chance

import (
	"hash/fnv"
	"io"
	"time"
)

// Chance derives one world's values.
type Chance struct {
	Seed  uint64
	Speed float64 // factor by which time is shortened; must be positive
}

// Of returns a number in [0, 1) for these names.
func (c Chance) Of(names ...string) float64 {
	h := fnv.New64a()
	for _, name := range names {
		io.WriteString(h, name)
		h.Write([]byte{0})
	}
	return float64(Mix(h.Sum64()^Mix(c.Seed))>>11) / (1 << 53)
}

// Between returns a duration from shortest to longest for these names, at the speed of this world.
func (c Chance) Between(shortest, longest time.Duration, names ...string) time.Duration {
	return c.Scaled(shortest + time.Duration(c.Of(names...)*float64(longest-shortest)))
}

// Scaled divides d by the speed.
func (c Chance) Scaled(d time.Duration) time.Duration { return time.Duration(float64(d) / c.Speed) }

// Mix is splitmix64's finalizer: it scatters numbers, and different ones stay different.
func Mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
