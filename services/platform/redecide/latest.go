package redecide

import (
	"time"

	"orderflow.example/shared/saga"
)

// skew is how far apart the times are that the processes of one service take from its database.
const skew = 10 * time.Millisecond

func (p *pass) uncome(e *said) {
	a := about{e.Key, e.Type}
	if times := p.coming[a]; len(times) > 1 {
		p.coming[a] = times[1:]
	} else if len(times) == 1 {
		delete(p.coming, a)
	}
}

// overtaken tells whether a later event may have replaced this one, of a kind of which only the last of a batch is emitted. Where
// the clocks of processes differ, one of the same batch in another partition may seem a little earlier.
func (p *pass) overtaken(e saga.Event, at time.Time) bool {
	kind := p.kindOf(e.Type)
	if kind == nil || !kind.Latest() {
		return false
	}
	for _, t := range p.coming[about{e.Key, e.Type}] {
		if !t.Before(at.Add(-skew)) && t.Sub(at) <= ahead {
			return true
		}
	}
	return false
}
