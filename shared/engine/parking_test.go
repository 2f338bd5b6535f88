package engine_test

import (
	"math/rand/v2"
	"testing"

	"orderflow.example/shared/kafka"
)

// What stands in a record, whatever its bytes are, can be parked, and the others of its partition go on.
func TestWhateverARecordHoldsItCanBeParked(t *testing.T) {
	for name, damage := range map[string]func(*kafka.Record){
		"a correlation that is not UTF-8":   func(r *kafka.Record) { r.Correlation = "caf\xe9"; r.Data = []byte(`{"n":"x"}`) },
		"a key that is not UTF-8":           func(r *kafka.Record) { r.Key = "caf\xe9" },
		"a key with NUL":                    func(r *kafka.Record) { r.Key = "a\x00b" },
		"an id that is not UTF-8":           func(r *kafka.Record) { r.ID = "\xff\xfe"; r.Data = []byte(`{"n":"x"}`) },
		"a type that is not UTF-8":          func(r *kafka.Record) { r.Type = "\xff"; r.Data = nil },
		"no value":                          func(r *kafka.Record) { r.Data = nil },
		"a value that is no JSON":           func(r *kafka.Record) { r.Data = []byte("\xff\x00") },
		"a key longer than an index takes":  func(r *kafka.Record) { r.Key = longText(9000) },
		"a cause that is not UTF-8":         func(r *kafka.Record) { r.Causation = "\xc3("; r.Data = []byte(`[]`) },
		"an integer beyond what JSON keeps": func(r *kafka.Record) { r.Data = []byte(`{"n":1e300}`) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			p := b.start()
			b.must(p.AwaitOwned(t.Context(), b.partitions))
			bad, other := b.record(b.keyOn(0, "a"), 1, sentV1{N: 1}), b.keyOn(0, "b")
			damage(&bad)
			b.appendRaw(0, bad)
			b.sequence[0] = 1
			b.send(other, sentV1{N: 1})
			b.eventuallySeen(other, 1)
			list, err := p.Parked(t.Context(), 10)
			b.must(err)
			if len(list) != 1 || list[0].Reason == "" {
				t.Errorf("parked: %+v", list)
			}
		})
	}
}

// longText does not compress, or else an index would take it.
func longText(n int) string {
	text := make([]byte, n)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = byte('a' + random.IntN(26))
	}
	return string(text)
}

func TestAPanicWithUnprintableTextIsParked(t *testing.T) {
	b := newBed(t)
	b.panics = "\xff\x00"
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key, other := b.keyOn(0, "a"), b.keyOn(0, "b")
	b.send(key, sentV1{N: 1, Do: "poison"})
	b.send(other, sentV1{N: 1})
	b.eventuallySeen(other, 1)
	b.eventually("parked for what it said", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE reason LIKE '%panic: �%'`) == 1
	})
}

func TestOneDeadlineThatCannotBeReadIsParkedAndStopsNoOther(t *testing.T) {
	b := newBed(t)
	b.within = 1
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for i, type_ := range []string{"tally.was_renamed.v1", b.names.promised.Name()} {
		b.must(b.db.Gorm().Exec(`INSERT INTO engine.deadline (key, type, partition, id, saga, due_at, since)
			VALUES ($1, $2, 0, $1, 'old', now() - interval '1 hour', '{"n":"not a number"}')`, []string{"old", "unreadable"}[i],
			type_).Error)
	}
	here, there := b.keyOn(0, "due"), b.keyOn(1, "due")
	for _, key := range []string{here, there} {
		b.send(key, sentV1{N: 7, Do: "promise"})
		b.eventually("it fires", func() bool { return equal(b.published(b.names.due, key), []int64{7}) })
	}
	b.eventually("both are parked", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE form = 'deadline' AND reason <> ''`) == 2
	})
	if n := b.count(`SELECT count(*) FROM engine.deadline`); n != 0 {
		t.Errorf("%d deadlines left", n)
	}
}

func TestThousandsOfDueDeadlinesOfAPartitionThatStandsStillStopNoOther(t *testing.T) {
	b := newBed(t)
	b.within = 1
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.send(b.keyOn(0, "a"), sentV1{N: 1, Do: "halt"}) // partition 0 is busy for good
	<-b.halted
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.deadline (key, type, partition, id, saga, due_at, since)
		SELECT 'k' || n, $1, 0, 'id' || n, 's', now() - interval '1 hour', '{"n":1}' FROM generate_series(1, 5000) n`,
		b.names.promised.Name()).Error)
	key := b.keyOn(1, "due")
	b.send(key, sentV1{N: 7, Do: "promise"})
	b.eventually("it fires", func() bool { return equal(b.published(b.names.due, key), []int64{7}) })
}

func TestOneQuestionThatCannotBeReadIsParkedAndStopsNoOther(t *testing.T) {
	b := newBed(t)
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.call (id, partition, type, key, saga, at, asked, next_try_at) VALUES
		('unknown', 0, 'tally.was_renamed.v1', 'old', 'old', now() - interval '1 hour', '{}', now() - interval '1 hour'),
		('unreadable', 0, $1, 'old', 'old', now() - interval '1 hour', '{"n":"x"}', now() - interval '1 hour'),
		('fine', 0, $1, $2, 'old', now(), '{"n":5}', now())`, b.names.asked.Name(), b.keyOn(0, "a")).Error)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.eventually("the good one is answered", func() bool { return equal(b.published(b.names.told, b.keyOn(0, "a")), []int64{5}) })
	b.eventually("the others are parked", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE form = 'call' AND reason <> ''`) == 2
	})
	b.send("old", sentV1{N: 1})
	b.eventuallySeen("old", 1) // a question that waits for an operator holds up nothing of its key
}
