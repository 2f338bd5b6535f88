package engine_test

import (
	"testing"
	"time"

	"orderflow.example/shared/engine"
)

func TestWhatIsDoneWithIsCleanedAway(t *testing.T) {
	b := newBed(t)
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.member (id, pid, heartbeat) VALUES ('dead', 0, now() - interval '2 hours')`).Error)
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.deadline (key, type, partition, id, saga, due_at, since, moved_at)
		VALUES ('off', $1, 0, 'off', 'off', 'infinity', '{"n":1}', now() - interval '1 hour'),
		       ('runs', $1, 0, 'runs', 'runs', now() + interval '1 hour', '{"n":1}', NULL)`, b.names.promised.Name()).Error)
	p := b.start(func(c *engine.Config) { c.OutboxRetention = time.Second })
	key := b.keyOn(0, "a")
	_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.eventually("a dead process is forgotten",
		func() bool { return b.count(`SELECT count(*) FROM engine.member WHERE id = 'dead'`) == 0 })
	b.eventually("a deadline that was taken off too",
		func() bool { return b.count(`SELECT count(*) FROM engine.deadline WHERE key = 'off'`) == 0 })
	if n := b.count(`SELECT count(*) FROM engine.deadline WHERE key = 'runs'`); n != 1 {
		t.Error("a deadline that runs was forgotten")
	}
	b.idleLook(func() bool { return b.count(`SELECT count(*) FROM engine.outbox`) == 0 })
	b.eventuallyPublished(key, upTo(1))
	if n := b.count(`SELECT count(*) FROM engine.member`); n != 1 {
		t.Errorf("%d members", n)
	}
}

// No other process runs any more: nothing but the tables tells that there is something to publish.
func TestWhatAnotherProcessCommittedBeforeItDiedIsPublished(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	_, err := p.Submit(t.Context(), key, b.names.add.Of(add{1}))
	b.must(err)
	b.eventuallyPublished(key, upTo(1))
	b.must(b.db.Gorm().Exec(`WITH c AS (UPDATE engine.counter SET sequence = sequence + 1 WHERE partition = 0 RETURNING sequence)
		INSERT INTO engine.outbox (partition, sequence, id, type, key, saga, cause, via, at, data)
		SELECT 0, sequence, '019ae000-0000-7000-8000-000000000002', $1, $2, $2, '', '', now(), '{"n":2}' FROM c`,
		b.names.counted.Name(), key).Error)
	b.eventuallyPublished(key, upTo(2))
}
