package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	paymentevent "orderflow.example/schemas/payment"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
)

// prune deletes the rows up to a number from the outbox, as the engine does once they are on the topic.
func (s *snapshot) prune(partition int, upto int64) {
	upto = min(upto, s.counters[partition])
	s.pruned[partition], s.published[partition] = upto, mark{sequence: s.counters[partition]}
	s.lose(partition, upto)
}

// lose deletes them without a word.
func (s *snapshot) lose(partition int, upto int64) {
	first := s.first[partition]
	s.outbox[partition] = s.outbox[partition][max(upto+1-first, 0):]
	s.first[partition], s.lowest[partition] = upto+1, upto+1
	if len(s.outbox[partition]) == 0 {
		s.lowest[partition] = 0
	}
}

// pruneAll leaves a few rows in each outbox, or none.
func pruneAll(left int64) func(p *picture) {
	return func(p *picture) {
		for _, s := range p.services {
			for n := range partitions {
				s.prune(n, max(s.counters[n]-left, 0))
			}
		}
	}
}

func TestAShopWhoseOutboxesWerePrunedHolds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		p := open(t, seed).picture(t)
		pruneAll(int64(seed % 4))(p)
		for name, c := range p.verdict(t) {
			if !c.Holds || c.Checked == 0 {
				t.Fatalf("seed %d: %s: %v", seed, name, c)
			}
		}
	}
}

func TestARowThatIsGoneButWasNotPrunedIsNamed(t *testing.T) {
	t.Parallel()
	at := partitionOf("payment", "completes")
	for name, c := range map[string]struct {
		damage func(p *picture, s *snapshot)
		broken string
		says   string
	}{
		"the first": {func(_ *picture, s *snapshot) { s.lose(at.partition, 1) }, "topics",
			"and 0 were pruned; the outbox holds"},
		"all of them": {func(_ *picture, s *snapshot) { s.lose(at.partition, s.counters[at.partition]) }, "topics",
			"and 0 were pruned; the outbox holds 0 events"},
		"one more than was pruned": {func(_ *picture, s *snapshot) {
			s.prune(at.partition, 2)
			s.lose(at.partition, 3)
		}, "topics", "and 2 were pruned; the outbox holds"},
		"one after what was pruned": {func(_ *picture, s *snapshot) {
			s.prune(at.partition, 1)
			s.outbox[at.partition], s.dense[at.partition] = slices.Delete(s.outbox[at.partition], 1, 2), false
		}, "topics", "and 1 were pruned; the outbox holds"},
		"pruned and never seen on the topic": {func(_ *picture, s *snapshot) {
			s.prune(at.partition, 3)
			s.published[at.partition] = mark{sequence: 2}
		}, "topics", "numbers up to 3 were deleted from the outbox; only 2 are noted as published"},
		"pruned and not on the topic any more": {func(p *picture, s *snapshot) {
			s.prune(at.partition, 3)
			p.topics()[at] = p.topics()[at][:1]
		}, "replay topics watermarks", "the topic ends at number 1 and the outbox begins after 3"},
		"of what was not pruned, changed": {func(p *picture, s *snapshot) {
			r := p.topics().record(t, paymentevent.Captured, "completes")
			r.Data = []byte(strings.Replace(string(r.Data), "1050", "1060", 1))
			s.prune(at.partition, r.Sequence-1)
		}, "replay topics", "payment.captured.v1"},
		"there, though it was pruned": {func(_ *picture, s *snapshot) {
			s.pruned[at.partition], s.published[at.partition] = s.counters[at.partition], mark{sequence: s.counters[at.partition]}
		}, "topics", "from number 1 on"},
	} {
		p := open(t, 1).picture(t)
		c.damage(p, p.services["payment"])
		all := p.verdict(t)
		if got := strings.Join(listed(all), " "); got != c.broken || !tells(all, "", c.says) {
			t.Errorf("%s: broken: %s, want %s with %q: %v", name, got, c.broken, c.says, all["topics"])
		}
	}
}

func TestWhatWasPutAwayIsRebuiltFromTheTopicsWhereTheOutboxesWerePruned(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		s := past(t, seed)
		for _, left := range []int64{3, 0} { // what was pruned between two looks is no break
			if all := s.look(t, pruneAll(left)); listed(all) != nil {
				t.Fatalf("seed %d: pruned but for %d:\n%s", seed, left, strings.Join(texts(all), "\n"))
			}
		}
		s.sendBack("sent-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 2},
			storefrontevent.ReturnLine{SKU: "mug", Quantity: 1})
		s.world.Steps(int(seed))
		s.world.Settle()
		if all := s.look(t, pruneAll(int64(seed%3))); listed(all) != nil {
			t.Fatalf("seed %d: after goods came back:\n%s", seed, strings.Join(texts(all), "\n"))
		}
	}
}

func TestARowThatVanishesBetweenTwoLooksWithoutBeingPrunedIsABreak(t *testing.T) {
	t.Parallel()
	at := partitionOf("payment", "completes")
	for name, damage := range map[string]func(s *snapshot){
		"the first":   func(s *snapshot) { s.lose(at.partition, 1) },
		"all":         func(s *snapshot) { s.lose(at.partition, s.counters[at.partition]) },
		"beyond what": func(s *snapshot) { s.prune(at.partition, 2); s.lose(at.partition, 3) },
	} {
		s := past(t, 1)
		for range 2 {
			all := s.look(t, func(p *picture) { damage(p.services["payment"]) })
			if got := listed(all); !slices.Equal(got, []string{"topics"}) ||
				!tells(all, at.String(), "the lowest number in the outbox is") {
				t.Errorf("%s: %v", name, all["topics"])
			}
		}
		if all := s.look(t, nil); listed(all) != nil {
			t.Errorf("%s, put back: %v", name, texts(all))
		}
	}
}

func TestADifferenceThatWasFoundIsNotForgottenWhenItsRowIsPruned(t *testing.T) {
	t.Parallel()
	s := &series{shop: open(t, 1)}
	edit := func(p *picture) {
		r := p.topics().record(t, paymentevent.Captured, "completes")
		r.Data = []byte(strings.Replace(string(r.Data), "1050", "1060", 1))
	}
	want := texts(s.look(t, edit))
	if len(want) == 0 {
		t.Fatal("it was not found")
	}
	got := texts(s.look(t, func(p *picture) { edit(p); pruneAll(0)(p) }))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// long is a topic of a service of which each number is there once or more often, and what was read of it.
func long(t *testing.T, n int64) (topics, *trace) {
	t.Helper()
	var records []kafka.Record
	add := func(number int64) {
		records = append(records, kafka.Record{Topic: "a.events", Source: "/a", Offset: int64(len(records)),
			ID: fmt.Sprint("id-", number), Sequence: number})
	}
	for i := int64(1); i <= n; i++ {
		if add(i); i%100 == 0 { // a publisher that publishes again
			for again := i - 2; again <= i; again++ {
				add(again)
			}
		}
	}
	log := topics{{"a.events", 0}: records}
	tr := &trace{snapshot: newSnapshot(apps[0]), picture: newPicture(Config{}), chain: newChain(),
		reading: eventlog.Reading{Log: log, Topic: "a.events", Upto: map[int]int64{0: n}}}
	if err := tr.reading.Run(t.Context(), func(rec *kafka.Record) error { tr.chain.add(rec); return nil }); err != nil {
		t.Fatal(err)
	}
	return log, tr
}

func TestAnyRecordIsReadAgainWhereItWasRead(t *testing.T) {
	t.Parallel()
	const n = 5*markEvery + 17
	_, tr := long(t, n)
	every := func(step int64) (numbers []int64) {
		for i := int64(1); i <= n; i += step {
			numbers = append(numbers, i)
		}
		return numbers
	}
	for name, numbers := range map[string][]int64{
		"the first": {1}, "the last": {n}, "at a mark": {markEvery, markEvery + 1, markEvery + 2}, "all": every(1), "some": every(97),
		"few": every(600),
	} {
		records, err := tr.reread(t.Context(), 0, numbers)
		var got []int64
		for _, r := range records {
			got = append(got, r.Sequence)
		}
		if err != nil || !slices.Equal(got, numbers) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if records, err := tr.reread(t.Context(), 0, []int64{n, n + 1}); err != nil || len(records) != 1 {
		t.Errorf("what was not read: %v, %v", records, err)
	}
}

func TestALogThatIsAnotherByNowIsNotTakenForWhatWasRead(t *testing.T) {
	t.Parallel()
	const n = 3 * markEvery
	for name, change := range map[string]func(records []kafka.Record) []kafka.Record{
		"shorter": func(records []kafka.Record) []kafka.Record { return records[:n/2] },
		"empty":   func([]kafka.Record) []kafka.Record { return nil },
		"other ids": func(records []kafka.Record) []kafka.Record {
			return other(records, func(r *kafka.Record) { r.ID += "-" })
		},
		"others": func(records []kafka.Record) []kafka.Record {
			return other(records, func(r *kafka.Record) { r.Source = "/b" })
		},
	} {
		log, tr := long(t, n)
		at := place{"a.events", 0}
		maps.Copy(log, topics{at: change(log[at])})
		if records, err := tr.reread(t.Context(), 0, []int64{n - 3}); err == nil ||
			!strings.Contains(err.Error(), "another log than before") {
			t.Errorf("%s: %v, %v", name, records, err)
		}
	}
}

func other(records []kafka.Record, fn func(r *kafka.Record)) []kafka.Record {
	all := slices.Clone(records)
	for i := range all {
		fn(&all[i])
	}
	return all
}
