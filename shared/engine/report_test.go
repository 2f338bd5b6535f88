package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// reports are what the processes of the service have published, the oldest first.
func (b *bed) reports() []engine.Report {
	b.t.Helper()
	first, next, err := b.client.Offsets(b.t.Context(), engine.ReportsTopic, []int{0})
	b.must(err)
	var said []engine.Report
	for at := first[0]; at < next[0]; {
		fetched, err := b.client.Fetch(b.t.Context(), []kafka.Position{{Topic: engine.ReportsTopic, Offset: at}}, time.Second)
		b.must(err)
		b.must(fetched[0].Err)
		for _, r := range fetched[0].Records {
			if r.Key != b.names.service {
				continue
			}
			var s engine.Report
			b.must(json.Unmarshal(r.Data, &s))
			if r.Type != engine.ReportType || r.Source != "/"+b.names.service || s.Service != b.names.service {
				b.t.Fatalf("%s of %s: %s", r.Type, r.Source, r.Data)
			}
			said = append(said, s)
		}
		at = fetched[0].Next
	}
	return said
}

// progress is the last report about a partition.
func (b *bed) progress(partition int) (engine.PartitionProgress, bool) {
	b.t.Helper()
	var last engine.PartitionProgress
	found := false
	for _, s := range b.reports() {
		for _, p := range s.Partitions {
			if p.Partition == partition && p.Epoch >= last.Epoch {
				last, found = p, true
			}
		}
	}
	return last, found
}

func (b *bed) eventuallyReported(what string, partition int, is func(engine.PartitionProgress) bool) {
	b.t.Helper()
	var last engine.PartitionProgress
	defer func() {
		if b.t.Failed() {
			b.t.Logf("%s: the last report is %+v", what, last)
		}
	}()
	b.eventually(what, func() bool {
		p, found := b.progress(partition)
		last = p
		return found && is(p)
	})
}

func TestAReportNeverClaimsAnEventThatIsNotApplied(t *testing.T) {
	b := newBed(t)
	p := b.start()
	topic := b.names.feeder + ".events"
	key, free := b.keyOn(0, "a"), b.keyOn(1, "b")
	b.send(key, sends(upTo(10))...)
	b.send(key, sentV1{N: 11, Do: "halt"})
	<-b.halted // the transaction with number 11 is open, and whatever came with it
	done := b.count(`SELECT sequence FROM engine.watermark WHERE topic = $1 AND partition = 0`, topic)
	// Under load elsewhere: what the tables say after a report was published is never less than it claimed.
	for n := range int64(30) {
		b.send(free, sends(upTo(20))...)
		b.send(key, sentV1{N: 12 + n})
	}
	b.eventuallyReported("the load is through", 1, func(p engine.PartitionProgress) bool {
		if at := b.count(`SELECT sequence FROM engine.watermark WHERE topic = $1 AND partition = 1`, topic); p.Applied[topic] > at {
			t.Fatalf("a report claims %d, the watermark says %d", p.Applied[topic], at)
		}
		return p.Applied[topic] == 600
	})
	b.eventuallyReported("the blocked one is told of", 0, func(p engine.PartitionProgress) bool { return p.Applied[topic] == done })
	for _, s := range b.reports() {
		for _, at := range s.Partitions {
			if at.Partition == 0 && at.Applied[topic] > done || at.Published > at.Committed {
				t.Errorf("%+v: %d are applied", at, done)
			}
		}
	}
	p.freeze(true) // or else it would wait for its batch
	second := b.start()
	b.must(second.AwaitOwned(t.Context(), b.partitions))
	b.eventuallyReported("the next owner is through", 0, func(p engine.PartitionProgress) bool {
		return p.Epoch == 2 && p.Applied[topic] == 41 && p.Published == p.Committed && p.Committed == 41
	})
	p.freeze(false)
}

func TestWhatConcernsNobodyCountsAsApplied(t *testing.T) {
	b := newBed(t)
	b.start()
	topic, key := b.names.feeder+".events", b.keyOn(0, "a")
	b.send(key, sentV1{N: 1})
	stranger := b.record(key, 2, sentV1{})
	stranger.Type = b.names.feeder + ".unheard.v1"
	b.append(0, stranger)
	b.eventuallyReported("the stranger is passed", 0, func(p engine.PartitionProgress) bool { return p.Applied[topic] == 2 })
}

func TestAReportTellsWhatIsParkedAndWhyUntilItIsNot(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1, Do: "poison"}, sentV1{N: 2})
	topic := b.names.feeder + ".events"
	// The first report that lists the two may have been made before they were applied.
	b.eventuallyReported("it is parked, and not waited for", 0, func(p engine.PartitionProgress) bool {
		return p.ParkedCount == 2 && len(p.Parked) == 2 && p.Applied[topic] == 2
	})
	at, _ := b.progress(0)
	first, second := at.Parked[0], at.Parked[1]
	if first.Key != key || first.Form != "event" || first.Type != b.names.sent.Name() || first.ID != b.record(key, 1, sentV1{}).ID ||
		!strings.HasSuffix(first.Reason, "panic: poison") || time.Since(first.ParkedAt) > time.Hour || second.Reason != "" {
		t.Errorf("parked: %+v", at.Parked)
	}
	for _, s := range b.reports() {
		for _, p := range s.Partitions {
			if n := p.Applied[topic]; n > int64(p.ParkedCount) {
				t.Errorf("%d are reported applied, and only %d parked", n, p.ParkedCount)
			}
		}
	}
	b.poison.Store(false)
	b.must2(p.Redrive(t.Context(), key))
	b.eventuallyReported("nothing is parked", 0, func(p engine.PartitionProgress) bool {
		return p.ParkedCount == 0 && len(p.Parked) == 0
	})
}

func TestAReportFitsIntoARecordHoweverMuchIsParked(t *testing.T) {
	b := newBed(t)
	b.start()
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
		SELECT 0, repeat('k', 50000) || n, 'event', 'a.b.v1', n::text, '', '', now(), '{}', repeat('ü', 1000)
		FROM generate_series(1, 120) n`).Error)
	b.eventuallyReported("it is said", 0, func(p engine.PartitionProgress) bool { return p.ParkedCount == 120 })
	at, _ := b.progress(0)
	if len(at.Parked) == 0 || len(at.Parked) > 100 || at.Parked[0].ID != "1" || at.Parked[0].Reason != strings.Repeat("ü", 150) {
		t.Errorf("%d of them are listed", len(at.Parked))
	}
}

func TestAReportTellsWhatIsAskedAgainAndWhyUntilItIsAnswered(t *testing.T) {
	b := newBed(t)
	var clear atomic.Bool
	b.ask = func(_ context.Context, _ engine.Attempt, asked countedV1) (countedV1, error) {
		if clear.Load() {
			return asked, nil
		}
		return asked, errors.New("no clear answer for \"Ann Other\" <ann@example.com>\nand more")
	}
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1, Do: "ask"})
	b.eventuallyReported("it is asked again", 0, func(p engine.PartitionProgress) bool {
		return len(p.Retries) == 1 && p.Retries[0].Try > 1
	})
	at, _ := b.progress(0)
	asked := b.log(0)[0]
	if got := at.Retries[0]; got.Key != key || got.ID != asked.ID || got.Question != "outside.tell" ||
		got.Error != "no clear answer for … <…>" || !got.Since.Equal(asked.Time) {
		t.Errorf("trying: %+v", got)
	}
	p.kill()
	b.start()
	b.eventuallyReported("the next owner asks again too", 0,
		func(p engine.PartitionProgress) bool { return p.Epoch == 2 && len(p.Retries) == 1 })
	clear.Store(true)
	b.eventuallyReported("it is answered", 0, func(p engine.PartitionProgress) bool { return p.Epoch == 2 && len(p.Retries) == 0 })
}

func TestAReportTellsHowFarThePublisherIsBehind(t *testing.T) {
	b := newBed(t)
	b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(10))...)
	b.eventuallyReported("all is published", 0, func(p engine.PartitionProgress) bool {
		return p.Committed == 10 && p.Published == 10
	})
	b.must(b.client.DeleteTopics(t.Context(), b.names.service+".events")) // the broker refuses what is sent
	b.send(key, sends(upTo(15))[10:]...)
	b.eventuallyReported("the publisher is behind", 0, func(p engine.PartitionProgress) bool {
		return p.Committed == 15 && p.Published < 15
	})
	b.createTopics()
	b.eventuallyReported("it has caught up", 0, func(p engine.PartitionProgress) bool {
		return p.Committed == 15 && p.Published == 15
	})
}

func TestAProcessSpeaksOnlyOfWhatItOwnsAndSaysWhenItLeaves(t *testing.T) {
	b := newBed(t)
	first := b.start()
	b.eventuallyReported("the first owns all", 1, func(p engine.PartitionProgress) bool { return p.Epoch == 1 })
	second := b.start()
	by := func() map[string][]int {
		owned := map[string][]int{}
		for _, s := range b.reports() {
			owned[s.Process] = []int{}
			for _, p := range s.Partitions {
				owned[s.Process] = append(owned[s.Process], p.Partition)
			}
		}
		return owned
	}
	b.eventually("each speaks of one partition", func() bool {
		said := by()
		seen := map[int]bool{}
		for _, owned := range said {
			if len(owned) != 1 {
				return false
			}
			seen[owned[0]] = true
		}
		return len(said) == 2 && len(seen) == 2
	})
	second.stop()
	b.eventually("the second one leaves, owning nothing", func() bool {
		last := map[string]engine.Report{}
		for _, s := range b.reports() {
			last[s.Process] = s
		}
		left := 0
		for _, s := range last {
			if s.Leaving && len(s.Partitions) == 0 {
				left++
			}
		}
		return len(last) == 2 && left == 1
	})
	b.eventually("the first one owns all again", func() bool { return len(first.Owned()) == 2 })
	for _, s := range b.reports() {
		if s.Every <= 0 || s.Partitions == nil {
			t.Errorf("%+v", s)
		}
	}
}

func TestAnIdleProcessStillSaysThatItIsThere(t *testing.T) {
	b := newBed(t)
	b.start()
	b.eventually("it says so again and again", func() bool { return len(b.reports()) >= 4 })
	said := b.reports()
	last := said[len(said)-1]
	pause := time.Hour // the shortest: a busy machine can lengthen some
	for i, s := range said[1:] {
		if s.Process != last.Process {
			t.Fatalf("another process: %+v", s)
		}
		if i > 0 {
			pause = min(pause, s.At.Sub(said[i].At))
		}
	}
	if pause.Seconds() > 2*last.Every {
		t.Errorf("silent for %v; it promises to be heard every %v s", pause, last.Every)
	}
}

func TestAMoveOfADeadlineIsToldAndHoldsAfterARestart(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 7, Do: "promise"})
	b.eventuallyReported("it runs", 0, func(p engine.PartitionProgress) bool {
		return p.NextDeadline != nil && p.NextDeadline.After(time.Now().Add(50*time.Minute)) && len(p.Moved) == 0
	})
	id := b.log(0)[0].ID
	later := time.Now().Add(5 * time.Hour).UTC().Truncate(time.Microsecond)
	asked := time.Now()
	b.move(key, &later)
	told := func(due *time.Time) func(engine.PartitionProgress) bool {
		return func(p engine.PartitionProgress) bool {
			same := func(at *time.Time) bool { return at == nil && due == nil || at != nil && due != nil && at.Equal(*due) }
			return len(p.Moved) == 1 && p.Moved[0].ID == id && p.Moved[0].Key == key && p.Moved[0].Since == b.names.promised.Name() &&
				p.Moved[0].By == "ann" && same(p.Moved[0].DueAt) && same(p.NextDeadline)
		}
	}
	b.eventuallyReported("the move is told", 0, told(&later))
	t.Logf("told after %v", time.Since(asked).Round(time.Millisecond))
	b.move(key, nil)
	b.eventuallyReported("that it is off is told", 0, told(nil))
	p.kill()
	b.start()
	b.eventuallyReported("after a restart still", 0, func(p engine.PartitionProgress) bool { return p.Epoch == 2 && told(nil)(p) })

	// Requests about another deadline do not move it.
	since := b.names.promised.Name()
	past := time.Now().Add(-time.Hour)
	for _, m := range []engine.Moved{
		{ID: "another", Key: key, Since: since, DueAt: &past, By: "bob", At: time.Now()},
		{ID: id, Key: "another", Since: since, DueAt: &past, By: "bob", At: time.Now()},
		{ID: id, Key: key, Since: "another", DueAt: &past, By: "bob", At: time.Now()},
	} {
		b.must(engine.RequestMove(t.Context(), b.client, engine.Move{Service: b.names.service, Moved: m}))
	}
	b.must(engine.RequestMove(t.Context(), b.client, engine.Move{Service: b.names.feeder,
		Moved: engine.Moved{ID: id, Key: key, Since: since, DueAt: &past, By: "bob", At: time.Now()}}))
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	b.move(key, &soon) // put back; what was asked before it was heard before it
	b.eventuallyReported("it runs again", 0, told(&soon))
	b.move(key, &past)
	b.eventually("it falls due", func() bool { return equal(b.published(b.names.due, key), []int64{7}) })
	b.eventuallyReported("nothing is left of it", 0, func(p engine.PartitionProgress) bool {
		return len(p.Moved) == 0 && p.NextDeadline == nil
	})
}

func TestAMoveAskedForWhileNobodyListensIsMadeAtTheStart(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 7, Do: "promise"})
	b.eventually("it is set", func() bool { return len(b.log(0)) == 1 })
	p.stop()
	past := time.Now().Add(-time.Second)
	b.must(engine.RequestMove(t.Context(), b.client, engine.Move{Service: b.names.service, Moved: engine.Moved{
		ID: b.log(0)[0].ID, Key: key, Since: b.names.promised.Name(), DueAt: &past, By: "ann", At: time.Now()}}))
	b.start()
	b.eventually("it falls due", func() bool { return equal(b.published(b.names.due, key), []int64{7}) })
}
