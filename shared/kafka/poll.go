package kafka

import (
	"context"
	"slices"
	"time"
)

// poll is a fetch from one leader of several. Kafka cannot cancel a long poll: when another leader answers first, this
// one stays open, and the next Fetch with the same positions continues it instead of asking twice.
type poll struct {
	leader    int32
	positions []Position
	parked    time.Time
	done      chan struct{} // closed when fetched is set
	fetched   []Fetched
}

const (
	parkedFor     = 5 * time.Second
	failedPollGap = 100 * time.Millisecond // an unreachable leader must not turn the others' long polls into a busy loop
)

// fetchFromAll asks every leader and returns when the first has answered.
func (c *Client) fetchFromAll(ctx context.Context, groups map[int32][]Position, wait time.Duration) ([]Fetched, error) {
	polls := make([]*poll, 0, len(groups))
	for leader, positions := range groups {
		p := c.unpark(leader, positions)
		if p == nil {
			p = &poll{leader: leader, positions: positions, done: make(chan struct{})}
			go c.run(p, wait)
		}
		polls = append(polls, p)
	}
	first, stop := make(chan struct{}, len(polls)), make(chan struct{})
	defer close(stop)
	for _, p := range polls {
		go func() {
			select {
			case <-p.done:
				first <- struct{}{}
			case <-stop:
			}
		}()
	}
	var err error
	select {
	case <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	var fetched []Fetched
	for _, p := range polls {
		select {
		case <-p.done:
			if err == nil {
				fetched = append(fetched, p.fetched...)
				continue
			}
		default:
		}
		c.park(p)
	}
	return fetched, err
}

func (c *Client) run(p *poll, wait time.Duration) {
	defer close(p.done)
	fetched, err := c.fetchFrom(c.ctx, p.leader, p.positions, wait)
	if err != nil {
		for _, position := range p.positions {
			fetched = append(fetched, failed(position, err))
		}
		_ = pause(c.ctx, min(wait, failedPollGap))
	}
	p.fetched = fetched
}

func (c *Client) unpark(leader int32, positions []Position) *poll {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, p := range c.parked {
		if p.leader == leader && time.Since(p.parked) < parkedFor && slices.Equal(p.positions, positions) {
			c.parked = slices.Delete(c.parked, i, i+1)
			return p
		}
	}
	return nil
}

func (c *Client) park(p *poll) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.parked = time.Now()
	c.parked = slices.DeleteFunc(c.parked, func(p *poll) bool { return time.Since(p.parked) >= parkedFor })
	c.parked = append(c.parked, p)
}
