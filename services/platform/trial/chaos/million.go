package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
)

// Million is the result of many events of one service, the catalog: table sizes and memory while its outbox was pruned.
type Million struct {
	Samples []Sample       `json:"samples"`
	Verify  []Verification `json:"verify"`
	Dir     string         `json:"directory,omitempty"`
}

// Sample holds the figures at one time. The catalog's events are consumed by the storefront.
type Sample struct {
	Seconds    float64 `json:"seconds"`
	Events     int64   `json:"events"`
	Rows       int64   `json:"outbox_rows"`
	Bytes      int64   `json:"outbox_bytes"`
	Engine     int64   `json:"engine_bytes"` // of all tables of the engine
	Memory     int64   `json:"resident_bytes"`
	Applied    int64   `json:"applied_by_storefront"`
	Storefront int64   `json:"storefront_resident_bytes"`
}

// Verification is one result of verify.
type Verification struct {
	When    string  `json:"when"`
	Events  int64   `json:"events"`
	Answer  string  `json:"answer"`
	Seconds float64 `json:"seconds"`
}

// Holds reports whether verify held each time and the outbox was pruned.
func (m Million) Holds() bool {
	for _, v := range m.Verify {
		if v.Answer != holds {
			return false
		}
	}
	return len(m.Verify) == 3 && m.pruned()
}

// pruned reports whether the outbox is all but empty at the end.
func (m Million) pruned() bool {
	last := m.Samples[len(m.Samples)-1]
	return last.Rows < last.Events/20
}

const (
	retention    = time.Minute // the shortest allowed
	bulk         = 5000        // items of a request, the catalog's limit
	sampleEvery  = 10 * time.Second
	forMillion   = 12 * time.Minute
	afterMillion = retention + 30*time.Second // until nearly all of the outbox is old enough
)

// RunMillion lists products repeatedly, each time at another price, until the catalog has emitted so many events.
func RunMillion(ctx context.Context, o Options, events int64) (m Million, err error) {
	o.Stage, o.perService, o.flags = &Stage{Name: million}, 1, []string{"--outbox-retention", retention.String()}
	m.Dir = o.dir()
	ctx, cancel := context.WithTimeoutCause(ctx, forMillion, errors.New("the run takes too long"))
	defer cancel()
	say := o.sayer()
	say("starting Kafka, Postgres, the world, and the services")
	f, err := startFleet(ctx, o)
	defer f.stop()
	if err != nil {
		return m, cmp.Or(context.Cause(ctx), err)
	}
	s, done, err := f.open(ctx)
	if err != nil {
		return m, err
	}
	defer done()
	start := time.Now()
	look := func() (sample Sample, err error) {
		if sample, err = f.sample(ctx, s.Databases["catalog"], s.Databases["storefront"]); err == nil {
			sample.Seconds = time.Since(start).Seconds()
			m.Samples = append(m.Samples, sample)
			say("%3.0f s: %d events, %d rows in the outbox, %d MiB, process %d MiB", sample.Seconds, sample.Events, sample.Rows,
				sample.Bytes>>20, sample.Memory>>20)
		}
		return sample, err
	}
	verify := func(when string, at int64) (Verification, error) {
		say("verify %s", when)
		v, begun := Verification{When: when, Events: at}, time.Now()
		answer, err := f.verify(ctx)
		v.Answer, v.Seconds = answer, time.Since(begun).Seconds()
		return v, err
	}
	sample, err := look()
	if err != nil {
		return m, err
	}
	before, err := verify("before", sample.Events)
	if err != nil {
		return m, err
	}
	listing, enough := context.WithCancel(ctx)
	var load sync.WaitGroup
	defer load.Wait()
	defer enough()
	var failed atomic.Pointer[error]
	c := newCustomers(f)
	c.client.Timeout = time.Minute
	for n := range 2 {
		load.Go(func() {
			if err := c.list(listing, n); err != nil {
				failed.Store(&err)
			}
		})
	}
	var during Verification
	var verified chan error
	for sample.Events < events && failed.Load() == nil && pause(ctx, sampleEvery) {
		if sample, err = look(); err != nil {
			return m, err
		}
		if verified == nil && sample.Events > events/2 {
			verified = make(chan error, 1)
			at := sample.Events
			go func() {
				var err error
				during, err = verify("during", at)
				verified <- err
			}()
		}
	}
	enough()
	load.Wait()
	if verified != nil {
		err = <-verified
	}
	if problem := failed.Load(); problem != nil {
		err = errors.Join(err, *problem)
	}
	if err != nil || ctx.Err() != nil {
		return m, cmp.Or(err, context.Cause(ctx))
	}
	for end := time.Now().Add(afterMillion); time.Now().Before(end) && pause(ctx, sampleEvery); {
		if sample, err = look(); err != nil {
			return m, err
		}
	}
	if waits := s.settle(ctx, time.Now().Add(o.Patience)); waits != "" {
		return m, errors.New(waits)
	}
	after, err := verify("after", sample.Events)
	m.Verify = []Verification{before, during, after}
	if err == nil && m.Holds() {
		f.stop()
		err = os.RemoveAll(m.Dir)
		m.Dir = ""
	}
	return m, err
}

// list lists the products of a series until ctx ends.
func (c *customers) list(ctx context.Context, series int) error {
	items := make([]any, bulk)
	for round := 1; ctx.Err() == nil; round++ {
		for i := range items {
			items[i] = map[string]any{"sku": fmt.Sprintf("series-%d-%d", series, i), "description": "Goods of a trial",
				"backorderable": false, "price": map[string]any{"amount": round, "currency": "GBP"}}
		}
		status, text := c.send(ctx, c.fleet.operators("catalog"), request{httpserver.AudienceOperators, "operator",
			http.MethodPost, "/v1/products", fmt.Sprintf("series-%d-%d", series, round), map[string]any{"items": items}})
		if status != http.StatusOK && ctx.Err() == nil {
			return fmt.Errorf("products are listed: %d %s", status, text)
		}
	}
	return nil
}

func (f *fleet) sample(ctx context.Context, catalog, storefront *database.DB) (s Sample, err error) {
	err = catalog.Gorm().WithContext(ctx).Raw(`SELECT (SELECT sum(sequence) FROM engine.counter),
		(SELECT count(*) FROM engine.outbox), pg_total_relation_size('engine.outbox'),
		(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
			WHERE c.relkind = 'r' AND c.relnamespace = 'engine'::regnamespace)`).Row().Scan(&s.Events, &s.Rows, &s.Bytes, &s.Engine)
	if err != nil {
		return s, err
	}
	err = storefront.Gorm().WithContext(ctx).Raw(`SELECT coalesce(sum(sequence), 0) FROM engine.watermark
		WHERE topic = 'catalog.events'`).Row().Scan(&s.Applied)
	for _, p := range f.processes {
		switch {
		case strings.HasPrefix(p.name, "catalog-"):
			s.Memory = p.resident()
		case strings.HasPrefix(p.name, "storefront-"):
			s.Storefront = p.resident()
		}
	}
	return s, err
}
