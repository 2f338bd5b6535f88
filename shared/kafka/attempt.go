package kafka

import (
	"context"
	"sync"
	"time"
)

// attempt sends every job's chunk once and leaves the outcome in the job.
func (p *Producer) attempt(ctx context.Context, jobs []*job) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	requests := p.route(ctx, jobs)
	var others sync.WaitGroup
	for i, r := range requests {
		if i == len(requests)-1 {
			r.send(ctx)
		} else {
			others.Go(func() { r.send(ctx) })
		}
	}
	others.Wait()
	for _, j := range jobs {
		if j.chunk != nil {
			j.offset, j.session.suspect, j.err = j.chunk.outcome(ctx)
		}
	}
}

// request is one attempt's request to one broker.
type request struct {
	sender  *sender
	suspect bool // a single chunk, sent in a request of its own
	chunks  []*chunk
}

func (r request) send(ctx context.Context) {
	if r.suspect {
		r.sender.produce(ctx, r.chunks)
	} else {
		r.sender.send(ctx, r.chunks)
	}
}

// route makes chunks of the jobs and sorts them by the leaders of their partitions.
func (p *Producer) route(ctx context.Context, jobs []*job) []request {
	topics := make([]string, 0, 1)
	for i, j := range jobs {
		if i == 0 || j.batch.Topic != topics[len(topics)-1] {
			topics = append(topics, j.batch.Topic)
		}
	}
	known, err := p.client.layout(ctx, topics)
	requests := make([]request, 0, 1)
	for _, j := range jobs {
		if j.begun.IsZero() {
			j.begun = time.Now()
		}
		var leader int32
		if j.chunk, j.err = nil, err; j.err == nil {
			leader, j.err = p.prepare(ctx, known, j)
		}
		if j.err != nil {
			continue
		}
		s, i := p.sender(leader), 0
		for i < len(requests) && (requests[i].sender != s || requests[i].suspect || j.session.suspect) {
			i++
		}
		if i == len(requests) {
			requests = append(requests, request{sender: s, suspect: j.session.suspect})
		}
		requests[i].chunks = append(requests[i].chunks, j.chunk)
	}
	return requests
}

// prepare makes the job's next chunk and finds the broker that leads its partition.
func (p *Producer) prepare(ctx context.Context, known layout, j *job) (leader int32, err error) {
	if leader, err = known.leader(j.batch.Topic, j.batch.Partition); err != nil {
		p.client.refresh()
		return leader, err
	}
	if j.bytes == nil {
		if j.session, err = p.open(ctx, j.batch.Topic, j.batch.Partition); err != nil {
			return leader, err
		}
		j.encode(p.timestamp())
	}
	j.chunk = &chunk{topic: j.batch.Topic, partition: int32(j.batch.Partition), bytes: j.bytes}
	return leader, nil
}
