package engine_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// via tells, of the events about a key on the service's own topic, how each type came about.
func (b *bed) via(key string) map[string]string {
	b.t.Helper()
	said := map[string]string{}
	for _, r := range b.log(kafka.PartitionOf(key, b.partitions)) {
		if r.Key == key {
			said[r.Type] = r.Via
		}
	}
	return said
}

func TestTheTopicTellsHowEachEventCameAbout(t *testing.T) {
	b := newBed(t)
	b.within = time.Millisecond
	b.ask = func(_ context.Context, a engine.Attempt, asked countedV1) (countedV1, error) {
		switch {
		case asked.N == 3 && a.Number < 3:
			return countedV1{}, errors.New("not clear")
		case asked.N == 2 && a.Number < 2:
			return countedV1{}, engine.NotYet(time.Millisecond)
		}
		return asked, nil
	}
	b.start()
	n := b.names
	for key, c := range map[string]struct {
		sent sentV1
		want map[string]string
	}{
		"heard":  {sentV1{N: 1}, map[string]string{n.counted.Name(): ""}},
		"first":  {sentV1{N: 1, Do: "ask"}, map[string]string{n.asked.Name(): "", n.told.Name(): "answer"}},
		"second": {sentV1{N: 2, Do: "ask"}, map[string]string{n.asked.Name(): "", n.told.Name(): "answer/2"}},
		"third":  {sentV1{N: 3, Do: "ask"}, map[string]string{n.asked.Name(): "", n.told.Name(): "answer/3"}},
		"due":    {sentV1{N: 1, Do: "promise"}, map[string]string{n.promised.Name(): "", n.due.Name(): "deadline"}},
	} {
		b.send(key, c.sent)
		var got map[string]string
		b.eventually(key+" is on the topic", func() bool { got = b.via(key); return len(got) == len(c.want) })
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s came about by %v, want %v", key, got, c.want)
		}
	}
}

func TestAnAnswerThatWasParkedStillTellsItsTry(t *testing.T) {
	b := newBed(t)
	b.ask = func(_ context.Context, a engine.Attempt, asked countedV1) (countedV1, error) {
		if a.Number < 3 {
			return countedV1{}, engine.NotYet(time.Millisecond)
		}
		return asked, nil
	}
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: poisonAnswer, Do: "ask"})
	b.eventually("the answer is parked",
		func() bool { return b.count(`SELECT count(*) FROM engine.parked WHERE form = 'answer'`) == 1 })
	b.poison.Store(false)
	b.must2(p.Redrive(t.Context(), key))
	b.eventually("it is decided on", func() bool { return len(b.via(key)) == 2 })
	if via := b.via(key)[b.names.told.Name()]; via != "answer/3" {
		t.Errorf("it came about by %q", via)
	}
}

func TestARecordPublishedAgainIsTheSameRecord(t *testing.T) {
	b := newBed(t)
	b.within = time.Millisecond
	b.ask = func(_ context.Context, a engine.Attempt, asked countedV1) (countedV1, error) {
		if a.Number < 2 {
			return asked, engine.NotYet(time.Millisecond)
		}
		return asked, nil
	}
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1}, sentV1{N: 2, Do: "ask"}, sentV1{N: 3, Do: "promise"})
	var before []kafka.Record
	b.eventually("all is on the topic", func() bool { before = b.log(0); return len(before) == 5 })
	p.stop()
	b.rewrite(b.names.service, func([]kafka.Record) []kafka.Record { return nil })
	b.start()
	b.eventually("all is there again", func() bool {
		after := b.log(0)
		return len(after) == len(before) && reflect.DeepEqual(after, before)
	})
}
