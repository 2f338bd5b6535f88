package redecide

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

func text(t testing.TB, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnUnchangedBuildDecidesTheSameWhateverTheOrderOfThings(t *testing.T) {
	t.Parallel()
	decided, raced := map[string]int{}, 0
	for seed := range uint64(15) {
		s := open(t, seed, apps())
		s.trade(12)
		log, random := s.record(), rand.New(rand.NewPCG(seed, 2))
		for _, app := range s.apps {
			r := log.again(t, app)
			if !r.Holds() || r.Raced > 0 {
				t.Fatalf("seed %d: %s", seed, text(t, r))
			}
			decided[app.Name] += r.Decided
		}
		log.skew(random)
		for _, app := range s.apps {
			r := log.again(t, app)
			if raced += r.Raced; !r.Holds() {
				t.Fatalf("seed %d, with clocks that differ: %s", seed, text(t, r))
			}
		}
	}
	for _, app := range services.All {
		only := !slices.ContainsFunc(app.Bindings, func(b engine.Binding) bool {
			return slices.ContainsFunc(b.Machine.Rows, func(r saga.Row) bool { return len(r.Emits) > 0 && !saga.IsCommand(r.On) })
		})
		if (decided[app.Name] == 0) != only {
			t.Errorf("%s: %d steps were decided again", app.Name, decided[app.Name])
		}
	}
	if raced == 0 {
		t.Error("with clocks that differ nothing came in another order: the test tests little")
	}
}

// skew shifts the topics' times: those of a service by up to a second, and those of each of its processes by a few milliseconds
// more. A process decides on the keys of one partition: an event is consumed under the key that it is about.
func (l topics) skew(random *rand.Rand) {
	keys, clocks := map[string]string{}, map[place]time.Duration{}
	var repeated []string
	for _, r := range l.all() {
		keys[r.ID] = r.Key
	}
	for _, at := range l.places() {
		for p := range partitions {
			process, service := place{at.topic, p}, place{at.topic, -1}
			if _, known := clocks[service]; !known {
				clocks[service] = time.Duration(random.IntN(1000)) * time.Millisecond
			}
			if _, known := clocks[process]; !known {
				clocks[process] = clocks[service] + time.Duration(random.IntN(20))*time.Millisecond
			}
		}
		for i := range l[at] {
			r := &l[at][i]
			was := r.Time
			r.Time = r.Time.Add(clocks[place{at.topic, kafka.PartitionOf(cmp.Or(keys[r.Causation], r.Key), partitions)}])
			repeated = append(repeated, inPayload(was), inPayload(r.Time))
		}
	}
	all := strings.NewReplacer(repeated...) // no two events have the same time
	for _, at := range l.places() {         // a payload may repeat the time of an event that it follows from
		for i := range l[at] {
			r := &l[at][i]
			r.Data = []byte(all.Replace(string(r.Data)))
		}
	}
}

func inPayload(t time.Time) string { return `"` + t.UTC().Format("2006-01-02T15:04:05.000000Z") + `"` }

func (l topics) places() (all []place) {
	for at := range l {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b place) int {
		return strings.Compare(a.topic+string(rune('a'+a.partition)), b.topic+string(rune('a'+b.partition)))
	})
	return all
}

// trading is a shop in which much has happened, and one app by a rule that concerns many of its orders.
func trading(t testing.TB) (*shop, topics, service.App) {
	t.Helper()
	s := open(t, 3, apps())
	s.trade(30)
	return s, s.record(), altered(find(t, "shipping"), 0,
		row(saga.On(order.Confirmed, func(any, order.ConfirmedV1) []saga.Event { return nil },
			shipping.LabelRequested, shipping.Rejected)))
}

func TestManyKeysAreDecidedInSeveralPassesWithTheSameReport(t *testing.T) {
	t.Parallel()
	s, log, changed := trading(t)
	for _, app := range append(s.apps, changed) {
		var done, total int64
		want := log.again(t, app)
		got := log.again(t, app, func(c *Config) { c.most, c.Progress = 40, func(d, of int64) { done, total = d, of } })
		want.Seconds, got.Seconds = 0, 0
		if a, b := text(t, want), text(t, got); a != b {
			t.Errorf("in one pass\n%s\nin several\n%s", a, b)
		}
		if done != total {
			t.Errorf("%s: progress ended at %d of %d", app.Name, done, total)
		}
	}
}

func TestOneOrderOrATimeCanBeAskedFor(t *testing.T) {
	t.Parallel()
	_, log, changed := trading(t)
	all := log.again(t, changed).Rows[0].Differences
	one := all[len(all)/2]
	for name, change := range map[string]func(*Config){
		"order": func(c *Config) { c.Order = one.Key },
		"time":  func(c *Config) { c.From, c.To = one.At, one.At.Add(1) },
	} {
		r := log.again(t, changed, change)
		if r.Different != 1 || r.Rows[0].Differences[0].Key != one.Key || r.Decided > 20 {
			t.Errorf("by %s: %s", name, text(t, r))
		}
	}
}

func TestWhatMayNotHaveBeenHeardOrWasParkedIsNotHeldAgainstTheBuild(t *testing.T) {
	t.Parallel()
	_, log, _ := trading(t)
	// Shipping's last events about its orders are removed: it had not consumed their inputs, or they are parked.
	parked := map[string]bool{}
	for p := range partitions {
		at := place{"shipping.events", p}
		records := log[at]
		cut := records[len(records)*2/3:]
		log[at] = slices.Clip(records[:len(records)*2/3])
		for _, r := range cut {
			parked[r.Causation] = true
		}
	}
	app := find(t, "shipping")
	if r := log.again(t, app); r.Holds() {
		t.Error("the removed events are not reported")
	}
	if r := log.again(t, app, func(c *Config) { c.Parked = parked }); !r.Holds() {
		t.Errorf("with parked inputs: %s", text(t, r))
	}
	r := log.again(t, app, func(c *Config) { c.Applied = nil })
	for _, row := range r.Rows {
		for _, d := range row.Differences {
			if i := slices.IndexFunc(log.all(), func(rec kafka.Record) bool { return rec.ID == d.Heard }); !log.ledLater(log.all()[i]) {
				t.Errorf("%s of %s: no later input had an effect", row.On, d.Key)
			}
		}
	}
	if len(r.Given) == 0 {
		t.Error("inputs that may not have been consumed are not reported")
	}
}

func (l topics) all() (records []kafka.Record) {
	for _, at := range l.places() {
		records = append(records, l[at]...)
	}
	return records
}

// ledLater tells whether a later record of the same partition led shipping to anything.
func (l topics) ledLater(rec kafka.Record) bool {
	return slices.ContainsFunc(l.all(), func(own kafka.Record) bool {
		return saga.Producer(own.Type) == "shipping" && slices.ContainsFunc(l[place{rec.Topic, rec.Partition}],
			func(cause kafka.Record) bool {
				return cause.ID == own.Causation && cause.Sequence > rec.Sequence
			})
	})
}

func TestATopicWithAHoleIsRefusedWithThePlaceAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, topic := range []string{"shipping.events", "order.events"} {
		for name, cut := range map[string]int{"a hole": 5, "no beginning": 0} {
			_, log, _ := trading(t)
			at := place{topic, 2}
			log[at] = slices.Delete(log[at], cut, cut+1)
			for i := range log[at] {
				log[at][i].Offset = int64(i)
			}
			_, err := Run(t.Context(), Config{App: find(t, "shipping"), Log: log, Partitions: partitions})
			if err == nil || !strings.Contains(err.Error(), topic+"/2: number ") ||
				!strings.Contains(err.Error(), "orderflow topics repair") {
				t.Errorf("%s in %s: %v", name, topic, err)
			}
		}
	}
}
