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

// Config says what is decided again, and from where it is read.
type Config struct {
	App        service.App // its Bindings decide: where decisions depend on the configuration, put there what Configured gives
	Log        eventlog.Log
	Partitions int
	Topics     []string // of all services: what led to a step may be on one that this build hears no more

	// By topic and partition: the last number to be read; where there is none, all that is there now.
	Upto map[string]map[int]int64
	// By topic and partition: the last number that the service has heard, its watermark. Where there is none it is the last
	// that led to anything, and what comes later is not held against this build.
	Applied map[string]map[int]int64
	Parked  map[string]bool // by id: inputs that are parked, or were discarded

	From, To time.Time // steps before or after are not reported; zero: all are
	Order    string    // the only order that is reported; empty: all are
	Progress func(done, total int64)

	most int // own events in one pass over the topics
}

// mostEvents are the own events whose states are held at once: beyond, keys are decided again in several passes.
const mostEvents = 4_000_000

// Run decides again.
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
		return report.finish(began), nil // it only shows what others say
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
		passes = 1 // all keys share the states of one that is not
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

// topicsOf are the service's own topic, those that it hears, and those that may tell what it once heard.
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

// index reads the service's own topic for what led to its events: so that of an input it is known at once whether it did.
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

// errHole is what keeps a topic from being decided again.
func errHole(topic string, partition int, missing, found int64) error {
	return fmt.Errorf(
		"%s/%d: number %d is missing, the next one there is %d: deciding again needs the topic whole, from its beginning; "+
			"bring it back by `orderflow topics repair`, or read it with its archive", topic, partition, missing, found)
}
