package redecide

import (
	"context"
	"fmt"
	"slices"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Config is what is decided again, and the topics it is read from.
type Config struct {
	App        service.App // its Bindings decide; where decisions depend on the configuration, set them to those of Configured
	Log        eventlog.Log
	Partitions int
	Topics     []string // of all services: the input of a step may be on one that this build does not consume any more

	// By topic and partition: the last number to be read; without one, up to the present end.
	Upto map[string]map[int]int64
	// By topic and partition: the last number that the service has consumed, its watermark. Without one it is the last input
	// with an effect, and later inputs are not held against this build.
	Applied map[string]map[int]int64
	Parked  map[string]bool // by id: inputs that are parked, or were discarded

	From, To time.Time // steps before or after are not reported; zero: all are
	Order    string    // the only order that is reported; empty: all are
	Progress func(done, total int64)

	most int // own events in one pass over the topics
}

// mostEvents is the number of own events per pass, which bounds memory: with more, the keys are split over several passes.
const mostEvents = 4_000_000

// Run takes the decisions again and reports the differences.
func Run(ctx context.Context, c Config) (Report, error) {
	if c.most == 0 {
		c.most = mostEvents
	}
	if c.Progress == nil {
		c.Progress = func(int64, int64) {}
	}
	began := time.Now()
	report := newReport(c.App.Name)
	keepers := keepersOf(c.App.Bindings)
	if len(keepers) == 0 {
		return report.finish(began), nil // it has projections only
	}
	log, err := freeze(ctx, c, topicsOf(c, keepers))
	if err != nil {
		return Report{}, err
	}
	causes, own, err := index(ctx, c, log, keepers)
	if err != nil {
		return Report{}, err
	}
	passes := 1 + own/c.most
	if slices.ContainsFunc(keepers, func(k *keeper) bool { return !k.byKey }) {
		passes = 1 // such a machine's states are shared by all keys
	}
	log.expect(passes)
	for n := range passes {
		p := &pass{Config: c, report: report, log: log, causes: causes, number: n, of: passes,
			language: languageOf(keepersOf(c.App.Bindings))}
		if err := p.run(ctx); err != nil {
			return Report{}, err
		}
	}
	return report.finish(began), nil
}

// topicsOf are the service's own topic, those that it consumes, and those that it may once have consumed.
func topicsOf(c Config, keepers []*keeper) []string {
	topics := []string{c.App.Topic()}
	add := func(topic string) {
		if !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	for _, k := range keepers {
		for _, name := range k.machine.Hears() {
			add(saga.Topic(name))
		}
	}
	for _, topic := range c.Topics {
		add(topic)
	}
	return topics
}

// index reads the causes of the service's own events from its topic: so it is known at once whether an input had an effect.
func index(ctx context.Context, c Config, log *frozen, keepers []*keeper) (found causes, own int, err error) {
	found = causes{}
	words, s := languageOf(keepers), newSource(c, log, c.App.Topic(), 0)
	s.name = words.name
	for !s.ended() {
		if err := s.more(ctx, s.partitions()); err != nil {
			return nil, 0, err
		}
		for p := range s.streams {
			for _, e := range s.streams[p].queue {
				own++
				switch {
				case e.Cause == "":
				case e.Via == "":
					found.add(words.speaker(e.Type), e.Cause)
				default:
					found.add(later, e.Cause)
				}
			}
			s.streams[p].queue = nil
		}
	}
	return found, own, nil
}

// errHole is the error for a gap in the topic.
func errHole(topic string, partition int, missing, found int64) error {
	return fmt.Errorf("%s/%d: number %d is missing, the next one there is %d: deciding again needs the whole topic, from its "+
		"beginning: fill it with `orderflow topics repair`, or read it with its archive", topic, partition, missing, found)
}
