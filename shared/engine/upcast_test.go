package engine_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// summedV2 is what a service says after countedV1.
type summedV2 struct {
	Sum  int64  `json:"sum"`
	Unit string `json:"unit"`
}

func TestRecordsAndRowsOfAnEarlierVersionAreTakenInAsTheNewer(t *testing.T) {
	b := newBed(t)
	n := b.names
	asked := saga.Define[countedV1](n.service + ".tallied.v1")
	told := saga.Define[countedV1](n.feeder + ".told.v1")
	late := saga.Define[countedV1](n.service + ".late.v1")
	one := func(t saga.Type[countedV1]) func(tally, countedV1) []saga.Event {
		return func(_ tally, e countedV1) []saga.Event { return []saga.Event{t.Of(e)} }
	}
	before := b.counts(saga.On(told, one(asked), asked), saga.After(time.Hour, asked, one(late), late)).Machine()

	up := func(e countedV1) summedV2 { return summedV2{10 * e.N, "piece"} }
	newTold := saga.Upcast(told, saga.Define[summedV2](n.feeder+".told.v2"), up)
	newAsked := saga.Upcast(asked, saga.Define[summedV2](n.service+".tallied.v2"), up)
	c := b.counts(saga.On(newTold, func(_ tally, e summedV2) []saga.Event { return []saga.Event{newAsked.Of(e)} }, newAsked),
		saga.After(time.Hour, newAsked, func(_ tally, e summedV2) []saga.Event { return []saga.Event{late.Of(countedV1{e.Sum + 1})} },
			late).Settled(late))
	c.Evolve = func(s tally, e saga.Event) tally {
		switch d := e.Data.(type) {
		case summedV2:
			s.Seen = append(append([]int64(nil), s.Seen...), d.Sum)
		case countedV1:
			s.Seen = append(append([]int64(nil), s.Seen...), d.N)
		}
		return s
	}
	after := c.Machine()

	key, other := b.keyOn(0, "order"), b.keyOn(1, "order")
	p := b.start(b.with(before))
	b.say(told, key, countedV1{1})
	b.eventuallySeen(key, 1)
	b.eventually("it is published", func() bool { return len(b.log(0)) == 1 })
	p.kill()
	// Rows are as the earlier build left them; the next one makes them anew from the topic.
	b.must(b.db.Gorm().Exec(`UPDATE tallies SET seen = '[10]' WHERE key = ?`, key).Error)

	b.start(b.with(after))
	b.say(told, key, countedV1{2})
	b.say(newTold, key, summedV2{30, "piece"})
	b.say(told, other, countedV1{4})
	b.eventuallySeen(key, 10, 20, 30)
	b.eventuallySeen(other, 40)
	b.eventually("one deadline is left of the key", func() bool {
		return b.count(`SELECT count(*) FROM engine.deadline WHERE key = $1`, key) == 1
	})
	// That of the other was set by the earlier build, let us say, and falls due in this one.
	b.must(b.db.Gorm().Exec(`UPDATE engine.deadline SET type = ?, since = '{"n":4}', due_at = now() WHERE key = ?`,
		asked.Name(), other).Error)
	b.eventuallySeen(other, 40, 41)
	b.eventually("all is published", func() bool { return len(b.log(0)) == 3 && len(b.log(1)) == 2 })
	b.replayed(after, store())
}

func TestAServiceKnowsAnEventInOneVersion(t *testing.T) {
	t.Parallel()
	first := saga.Define[countedV1]("feeder.told.v1")
	second := saga.Upcast(first, saga.Define[summedV2]("feeder.told.v2"), func(e countedV1) summedV2 { return summedV2{Sum: e.N} })
	machine := func(key saga.Key, row saga.Row) engine.Binding {
		return engine.Binding{Store: store(), Machine: saga.Choreography[tally]{Service: "svc", Key: key,
			Blank: func(key string) tally { return tally{Key: key} }, Rows: []saga.Row{row}}.Machine()}
	}
	_, err := engine.New(engine.Config{Service: "svc", Bindings: []engine.Binding{
		machine("a", saga.On(first, func(tally, countedV1) []saga.Event { return nil })),
		machine("b", saga.On(second, func(tally, summedV2) []saga.Event { return nil })),
	}})
	if err == nil || !strings.Contains(err.Error(), "svc (a) knows feeder.told.v1, which svc (b) takes in as feeder.told.v2") {
		t.Errorf("got %v", err)
	}
}
