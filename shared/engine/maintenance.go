package engine

import (
	"context"
	"time"
)

// job is periodic work, for each running partition or once for the process.
type job struct {
	name  string
	every time.Duration
	next  time.Time
	log   throttle

	forPartition func(ctx context.Context, p *partition) error
	forProcess   func(ctx context.Context) error
}

// jobs are the periodic jobs: cleaners, so that no table grows for ever, redrives and positions.
func (e *Engine) jobs() []*job {
	return []*job{
		{name: "outbox cleaner", every: cleanEvery, forPartition: e.cleanOutbox},
		{name: "member cleaner", every: time.Minute, forProcess: e.cleanMembers},
		{name: "deadline cleaner", every: time.Minute, forProcess: e.cleanDeadlines},
		{name: "redrive coordinator", every: time.Second, forProcess: e.advanceRedrives},
		{name: "position reporter", every: 5 * time.Second, forProcess: e.reportPositions},
	}
}

// maintain does the work that no event triggers: deadlines, retries of calls, redrives, checkpoints, cleaning, and the progress
// report. A failure is logged and tried again in the next round; it blocks nothing else.
func (e *Engine) maintain(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	var found map[int]survey
	var log throttle
	jobs := e.jobs()
	failed := func(what string, log *throttle, err error) {
		if err != nil && ctx.Err() == nil {
			log.do(func(again int) {
				e.Log.Warn("a maintenance job failed; it is tried again", "job", what, "suppressed", again, "err", err)
			})
		}
	}
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		partitions := e.running.all()
		if n%2 == 0 {
			report := e.report()
			var err error
			if found, err = e.survey(ctx); err != nil {
				found = nil
			} else {
				err = e.complete(ctx, report, found)
			}
			failed("survey", &log, err)
			failed("checkpoint", &log, e.checkpoint(ctx, partitions))
			e.measure(found)
		}
		for _, p := range partitions {
			of := found[p.partition]
			if n%2 == 0 && of.Due || n%2 == 1 && of.Soon {
				failed("deadlines", &log, p.fireDeadlines(ctx))
			}
			if n%2 == 1 {
				continue
			}
			p.publisher.committed(of.Last)
			if of.Redrive {
				failed("redrives", &log, p.takeRedrives(ctx))
			}
			failed("calls", &log, p.calls.schedule(ctx, of.Calls))
			p.queue.push(input{form: flush})
		}
		for _, j := range jobs {
			if now := time.Now(); now.After(j.next) {
				j.next = now.Add(j.every)
				failed(j.name, &j.log, j.do(ctx, partitions))
			}
		}
	}
}

func (j *job) do(ctx context.Context, partitions []*partition) error {
	if j.forProcess != nil {
		return j.forProcess(ctx)
	}
	for _, p := range partitions {
		if err := j.forPartition(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// others looks for commits of other processes in the partitions that run here, while there are other processes.
func (e *Engine) others(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !e.lease.shared.Load() {
			continue
		}
		var rows []struct {
			Partition int
			Sequence  int64
		}
		if e.DB.Gorm().WithContext(ctx).Raw(`SELECT partition, sequence FROM engine.counter`).Scan(&rows).Error != nil {
			continue // the survey logs it
		}
		for _, r := range rows {
			if p := e.running.of(r.Partition); p != nil {
				p.publisher.committed(r.Sequence)
			}
		}
	}
}
