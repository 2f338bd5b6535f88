package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"orderflow.example/shared/kafka"
)

// alarms is how often the process has raised an alarm of this kind.
func (p *process) alarms(kind string) (n float64) {
	families, err := p.metrics.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "orderflow_alarms_total" && l.GetName() == "kind" && l.GetValue() == kind {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

// metric is the value of a gauge with these label values, in any order.
func (p *process) metric(name string, labels ...string) (value float64) {
	families, err := p.metrics.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			found := f.GetName() == name
			for _, want := range labels {
				has := false
				for _, l := range m.GetLabel() {
					has = has || l.GetValue() == want
				}
				found = found && has
			}
			if found {
				value = max(value, m.GetGauge().GetValue())
			}
		}
	}
	return value
}

// loseTail makes the database what it was before the events numbered above last, as a standby that was behind, or a backup.
func (b *bed) loseTail(key string, last int64) {
	b.t.Helper()
	for _, sql := range []string{
		`UPDATE engine.counter SET sequence = $1 WHERE partition = 0`,
		`DELETE FROM engine.outbox WHERE partition = 0 AND sequence > $1`,
		`UPDATE engine.published SET sequence = $1, next_offset = $1 WHERE partition = 0`,
	} {
		b.must(b.db.Gorm().Exec(sql, last).Error)
	}
	b.must(b.db.Gorm().Exec(`UPDATE tallies SET seen = (SELECT jsonb_agg(n) FROM generate_series(1, $1::int) n) WHERE key = $2`,
		last, key).Error)
}

func TestADatabaseThatLostItsTailIsBroughtLevelWithItsTopicAndItsNumbersGoOnAbove(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key, other := b.keyOn(0, "a"), b.keyOn(0, "new order")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(10) {
		_, err := p.Submit(t.Context(), key, b.names.add.Of(add{n + 1}))
		b.must(err)
	}
	b.eventuallyPublished(key, upTo(10))
	b.eventually("that is written down",
		func() bool { return b.count(`SELECT sequence FROM engine.published WHERE partition = 0`) == 10 })
	p.stop()
	b.loseTail(key, 7)
	q := b.start()
	b.must(q.AwaitOwned(t.Context(), b.partitions))
	_, err := q.Submit(t.Context(), other, b.names.add.Of(add{42}))
	b.must(err)
	b.eventually("the new order's event is on the topic",
		func() bool { return equal(b.published(b.names.counted, other), []int64{42}) })
	if n := b.count(`SELECT sequence FROM engine.outbox WHERE key = $1`, other); n != 11 {
		t.Errorf("it has number %d, which was another event's", n)
	}
	if n := b.count(`SELECT jsonb_array_length(seen) FROM tallies WHERE key = $1`, key); n != 10 {
		t.Errorf("of ten events the state has %d", n)
	}
	if n := b.count(`SELECT count(*) FROM engine.outbox WHERE key = $1`, key); n != 10 {
		t.Errorf("of ten events the outbox has %d", n)
	}
	if q.alarms("database_behind") == 0 {
		t.Error("no alarm")
	}
}

// A partition begins without its topic where the broker does not answer, but not where the topic is seen to go further than the
// database, however long it takes to read all of it.
func TestNothingIsDecidedOnAnOldStateWhileALongTopicIsStillCompared(t *testing.T) {
	b := newBed(t)
	withheld := b.withhold(b.ownBroker(), 9)
	key := b.keyOn(0, "a")
	b.said(key, upTo(10)...)
	b.loseTail(key, 7)
	b.must(b.db.Gorm().Exec(`UPDATE engine.published SET sequence = 0, next_offset = 0`).Error)
	withheld.Store(true)
	p := b.start()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // longer than a partition waits for a broker that is away
	defer cancel()
	if err := p.AwaitOwned(ctx, b.partitions); err == nil {
		t.Error("it decides on a state that lacks three events")
	}
	withheld.Store(false)
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	if n := b.count(`SELECT jsonb_array_length(seen) FROM tallies WHERE key = $1`, key); n != 10 {
		t.Errorf("of ten events the state has %d", n)
	}
}

// What other processes number before the owner has compared gets numbers above those of the topic.
func TestEventsNumberedBeforeTheLossWasNoticedAreNumberedAnew(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key, other := b.keyOn(0, "a"), b.keyOn(0, "new order")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(10) {
		_, err := p.Submit(t.Context(), key, b.names.add.Of(add{n + 1}))
		b.must(err)
	}
	b.eventuallyPublished(key, upTo(10))
	b.eventually("that is written down",
		func() bool { return b.count(`SELECT sequence FROM engine.published WHERE partition = 0`) == 10 })
	p.stop()
	b.loseTail(key, 7)
	for n := range 5 { // numbers 8 to 12, of which three are on the topic already
		b.must(b.db.Gorm().
			Exec(fmt.Sprintf(`WITH c AS (UPDATE engine.counter SET sequence = sequence + 1 WHERE partition = 0 RETURNING sequence)
			INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
			SELECT 0, sequence, '019ae000-0000-7000-8000-00000000000%d', $1, $2, $2, '', '', now(), '{"n":%d}' FROM c`, n, 100+n),
				b.names.counted.Name(), other).Error)
	}
	q := b.start()
	b.eventually("all of them are on the topic, once each",
		func() bool { return equal(b.published(b.names.counted, other), []int64{100, 101, 102, 103, 104}) })
	if n := b.count(`SELECT sequence FROM engine.counter WHERE partition = 0`); n != 15 {
		t.Errorf("the last number is %d, not 15", n)
	}
	if q.alarms("database_behind") == 0 {
		t.Error("no alarm")
	}
}

func TestATopicThatLostItsBeginningIsFilledAgain(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	add10 := func() {
		for n := range int64(10) {
			_, err := p.Submit(t.Context(), key, b.names.add.Of(add{n + 1}))
			b.must(err)
		}
	}
	add10()
	b.eventuallyPublished(key, upTo(10))
	b.rewrite(b.names.service, func([]kafka.Record) []kafka.Record { return nil })
	add10() // the topic begins with number 11 now
	b.eventually("all twenty are there in order", func() bool {
		last := int64(0)
		for _, r := range b.log(0) {
			if r.Sequence == last+1 {
				last++
			}
		}
		return last == 20
	})
	if p.alarms("topic_lost") == 0 {
		t.Error("no alarm")
	}
}

func TestAnIdlePublisherFillsATopicThatLostItsBeginning(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(10) {
		_, err := p.Submit(t.Context(), key, b.names.add.Of(add{n + 1}))
		b.must(err)
	}
	b.eventuallyPublished(key, upTo(10))
	b.rewrite(b.names.service, func(old []kafka.Record) []kafka.Record { return old[6:] })
	b.idleLook(func() bool { // nobody asks, and nothing is decided
		seen := map[int64]bool{}
		for _, r := range b.log(0) {
			seen[r.Sequence] = true
		}
		return len(seen) == 10
	})
}

// idleLook waits for something that an idle publisher checks every twenty seconds.
func (b *bed) idleLook(holds func() bool) {
	b.t.Helper()
	for end := time.Now().Add(20*time.Second + patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("never came true")
		}
	}
}

// ownBroker gives the bed a broker that a test controls.
func (b *bed) ownBroker() *kfake.Cluster {
	b.t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	b.must(err)
	b.t.Cleanup(cluster.Close)
	b.brokers = cluster.ListenAddrs()[0]
	b.client = kafka.Dial(kafka.Config{Brokers: []string{b.brokers}})
	b.producer = b.client.NewProducer()
	b.createTopics()
	return cluster
}

// withhold makes the broker answer no fetch of the service's own topic below an offset, while on.
func (b *bed) withhold(cluster *kfake.Cluster, below int64) (on *atomic.Bool) {
	on = &atomic.Bool{}
	cluster.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		for _, topic := range r.(*kmsg.FetchRequest).Topics {
			for _, p := range topic.Partitions {
				if on.Load() && topic.Topic == b.names.service+".events" && p.Partition == 0 && p.FetchOffset < below {
					return nil, errors.New("withheld"), true
				}
			}
		}
		return nil, nil, false
	})
	return on
}

// refuse makes the broker refuse what is written to one partition of the service's topic while on, and counts it.
func (b *bed) refuse(partition int32) (on *atomic.Bool, refused *atomic.Int64) {
	b.t.Helper()
	cluster := b.ownBroker()
	on, refused = &atomic.Bool{}, &atomic.Int64{}
	on.Store(true)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		req := r.(*kmsg.ProduceRequest)
		hit := false
		for _, topic := range req.Topics {
			for _, p := range topic.Partitions {
				hit = hit || topic.Topic == b.names.service+".events" && p.Partition == partition
			}
		}
		if !on.Load() || !hit {
			return nil, nil, false
		}
		refused.Add(1)
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range req.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic = topic.Topic
			for _, p := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, 19 // NOT_ENOUGH_REPLICAS
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	return on, refused
}

func TestAPartitionThatCannotBeWrittenHoldsUpNoOtherAndIsSeen(t *testing.T) {
	b := newBed(t)
	on, refused := b.refuse(0)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	here, there := b.keyOn(0, "a"), b.keyOn(1, "b")
	_, err := p.Submit(t.Context(), here, b.names.add.Of(add{1}))
	b.must(err)
	b.eventually("it is refused", func() bool { return refused.Load() > 1 })
	for n := range int64(20) {
		_, err = p.Submit(t.Context(), there, b.names.add.Of(add{n + 1}))
		b.must(err)
		b.eventuallyPublished(there, upTo(n+1))
	}
	b.eventually("the outbox is seen to wait", func() bool { return p.metric("orderflow_outbox_oldest_seconds") > 1 })
	on.Store(false)
	b.eventuallyPublished(here, upTo(1))
	b.eventually("nothing waits any more", func() bool { return p.metric("orderflow_outbox_oldest_seconds") == 0 })
}

func TestTheLagGrowsWhileNothingCanBeFetched(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1})
	b.eventuallySeen(key, 1)
	topic := b.names.feeder + ".events"
	b.eventually("all is read", func() bool { return p.metric("orderflow_lag_seconds", topic) == 0 })
	p.link.freeze(true)
	b.send(key, sentV1{N: 2})
	b.eventually("a lag is seen", func() bool { return p.metric("orderflow_lag_seconds", topic) > 1 })
	p.link.freeze(false)
	b.eventuallySeen(key, 1, 2)
	b.eventually("the lag is gone", func() bool { return p.metric("orderflow_lag_seconds", topic) == 0 })
}

func TestWhatAnotherSourceWroteIsNeverAppliedAndTheRealOneIs(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	intruder := b.record(key, 1, sentV1{N: 666})
	intruder.Source, intruder.ID = "/intruder", "intruder"
	b.append(0, intruder)
	b.send(key, sentV1{N: 1}, sentV1{N: 2})
	b.eventuallySeen(key, 1, 2)
	if p.alarms("foreign_record") == 0 {
		t.Error("no alarm")
	}
}

func TestANumberThatComesAgainWithAnotherIDIsNoRepeat(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1}, sentV1{N: 2})
	b.eventuallySeen(key, 1, 2)
	b.append(0, b.record(key, 1, sentV1{N: 1})) // a repeat
	other := b.record(key, 2, sentV1{N: 666})
	other.ID = "another"
	b.append(0, other)
	b.send(key, sentV1{N: 3})
	b.eventuallySeen(key, 1, 2, 3)
	if n := p.alarms("foreign_record"); n != 1 {
		t.Errorf("%v alarms, want 1", n)
	}
}

// Somebody wrote to the service's own topic under its name: the real event is published all the same, and an alarm raised.
func TestAPublisherNoticesWhatSomebodyElseWroteUnderItsName(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.eventuallyPublished(key, upTo(1))
	forged := kafka.Record{Key: key, ID: "forged", Type: b.names.counted.Name(), Source: "/" + b.names.service, Correlation: key,
		Time: time.Now(), Sequence: 2, Data: []byte(`{"n":666}`)}
	acks := b.producer.Publish(t.Context(), []kafka.Batch{{Topic: b.names.service + ".events", Partition: 0,
		Records: []kafka.Record{forged}}})
	b.must(acks[0].Err)
	_, err = p.Submit(t.Context(), key, b.names.add.Of(add{2}))
	b.must(err)
	b.eventually("the real one is there too", func() bool {
		for _, r := range b.log(0) {
			if string(r.Data) == `{"n":2}` {
				return true
			}
		}
		return false
	})
	b.eventually("an alarm is raised", func() bool { return p.alarms("foreign_record") > 0 })
}
