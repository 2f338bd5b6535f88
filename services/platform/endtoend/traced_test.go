package endtoend_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
	"orderflow.example/shared/tracing"
)

// traced is an installation, each service with listeners and a connection of its own, whose traces are collected.
type traced struct {
	*watched
	to interface {
		Trace(t testing.TB, order string) []trial.Span
	}
}

// traceOf returns the spans of an order, by id, once those of its events that are wanted have arrived.
func (x traced) traceOf(t *testing.T, order string, want func(kafka.Record) bool) map[string]trial.Span {
	t.Helper()
	spans := map[string]trial.Span{}
	trial.Await(t, "the trace of "+order, func() (bool, string) {
		clear(spans)
		for _, s := range x.to.Trace(t, order) {
			if had, twice := spans[s.ID]; twice {
				t.Fatalf("two spans have the id %s: %+v and %+v", s.ID, had, s)
			}
			spans[s.ID] = s
		}
		var missing []string
		for _, r := range x.raw(t, order) {
			if s, there := spans[spanOf(r.ID)]; want(r) && (!there || s.Name != r.Type) {
				missing = append(missing, r.Type)
			}
		}
		return len(missing) == 0 && len(spans) > 0, fmt.Sprintf("of %d spans missing: %v", len(spans), missing)
	})
	return spans
}

// spanOf is the id of an event's span.
func spanOf(event string) string { return strings.ReplaceAll(event[19:], "-", "") }

// above lists the spans above one, up to a root.
func above(spans map[string]trial.Span, id string) (all []trial.Span) {
	for s, there := spans[spans[id].Parent]; there && len(all) < 1000; s, there = spans[s.Parent] {
		all = append(all, s)
	}
	return all
}

// follows checks that each event recorded is below the event that caused it, with nothing in between but the step that
// emitted it and the try that was answered.
func (x traced) follows(t *testing.T, spans map[string]trial.Span, events []kafka.Record) {
	t.Helper()
	for _, r := range events {
		if _, there := spans[spanOf(r.ID)]; !there || r.Causation == "" || spans[spanOf(r.Causation)].ID == "" {
			continue
		}
		way := above(spans, spanOf(r.ID))
		i := slices.IndexFunc(way, func(s trial.Span) bool { return s.ID == spanOf(r.Causation) })
		if i < 0 || i > 2 {
			t.Errorf("%s is not below what caused it: %+v", r.Type, way)
		}
		for _, s := range way[:max(i, 0)] {
			if strings.HasSuffix(s.Name, ".v1") && !strings.Contains(s.Name, " ") {
				t.Errorf("%s is below the event %s, which did not cause it", r.Type, s.Name)
			}
		}
		if r.TraceParent != "00-"+trial.TraceID(r.Correlation)+"-"+spanOf(r.ID)+"-01" {
			t.Errorf("%s carries %s", r.Type, r.TraceParent)
		}
	}
}

func TestAnOrderIsOneTrace(t *testing.T) {
	t.Parallel()
	collector := trial.NewCollector(t)
	x := traced{to: collector}
	x.test(t, collector.URL)
}

// test runs an installation that chooses half of the orders, by their ids, and sends its traces to the URL.
func (x traced) test(t *testing.T, url string) {
	parts := trial.StartParts(t, 100, func(c *service.Config) { c.OTLPEndpoint, c.TraceRatio = url, 0.5 })
	x.watched = &watched{parts, parts.Kafka(t)}
	x.Site.Sell(t, "traced", price, 1000)
	t.Run("from its request through every service", x.whole)
	if c, ok := x.to.(*trial.Collector); ok { // Jaeger cannot be asked for links
		t.Run("with which a replay is linked and which it is not in", func(t *testing.T) { x.replayed(t, c) })
	}
	t.Run("from its failure on though it was not chosen", x.failed)
	t.Run("from its first failed try on though it was not chosen", x.retried)
}

// buy places orders until one is chosen, or is not. Of a UUID the first of the last 14 digits decides.
func (x traced) buy(t *testing.T, chosen bool, postcode string) *trial.Buyer {
	for {
		basket := trial.NewBasket(trial.Line{SKU: "traced", Quantity: 1})
		if postcode != "" {
			basket.ShipTo.Postcode = postcode
		}
		if b := x.Site.Buy(t, basket); (b.ID[21] < '8') == chosen {
			return b
		}
	}
}

func (x traced) whole(t *testing.T) {
	b := x.buy(t, true, "")
	b.Await(t, "completed")
	var spans map[string]trial.Span
	trial.Await(t, "the parent of every span", func() (bool, string) { // processes export apart
		spans = x.traceOf(t, b.ID, func(kafka.Record) bool { return true })
		for _, s := range spans {
			if _, there := spans[s.Parent]; s.Parent != "" && !there {
				return false, fmt.Sprintf("%s of %s has none", s.Name, s.Service)
			}
		}
		return true, ""
	})
	events := x.raw(t, b.ID)
	x.follows(t, spans, events)
	services, names := map[string]bool{}, map[string]int{}
	for id, s := range spans {
		services[s.Service] = true
		names[s.Name]++
		switch way := above(spans, id); {
		case s.Parent == "" && s.Name != "POST /v1/orders":
			t.Errorf("%s of %s is a root", s.Name, s.Service)
		case s.Parent != "" && (len(way) == 0 || way[len(way)-1].Name != "POST /v1/orders"):
			t.Errorf("%s of %s is not below the request, but below %+v", s.Name, s.Service, way)
		}
		for _, value := range s.About {
			if strings.Contains(value, "@example.com") || strings.Contains(value, "tok_") || strings.Contains(value, b.Name) {
				t.Errorf("%s holds what is personal or secret: %s", s.Name, value)
			}
		}
	}
	for _, r := range events {
		if from := strings.TrimPrefix(r.Source, "/"); !services[from] {
			t.Errorf("%s emitted %s and is not in the trace", from, r.Type)
		}
	}
	for _, name := range []string{"POST /v1/orders", "place_order", "gateway.authorize", "POST gateway", "commit", "batch"} {
		if names[name] == 0 {
			t.Errorf("there is no span %q in the trace, but %v", name, names)
		}
	}
	sent := 0
	for _, s := range spans {
		if strings.HasPrefix(s.Name, "send ") {
			sent++
			if about := spans[s.Parent]; s.Kind != "SPAN_KIND_CLIENT" && s.Kind != "client" || s.Name != "send "+topic(about.Name) {
				t.Errorf("%s (%s) is below %s", s.Name, s.Kind, about.Name)
			}
		}
	}
	if sent == 0 {
		t.Errorf("no event was sent alone, of %v", names)
	}
	t.Logf("%d events, %d spans of %d services", len(events), len(spans), len(services))
}

func topic(event string) string { return event[:strings.IndexByte(event+".", '.')] + ".events" }

func (x traced) replayed(t *testing.T, c *trial.Collector) {
	b := x.buy(t, true, "")
	b.Await(t, "completed")
	tracer, err := tracing.Open(t.Context(), tracing.Options{URL: c.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Stop(t.Context())
	servers := x.Servers()
	r, err := replay.Open(t.Context(), replay.Config{App: app("payment"), Partitions: 4, Order: b.ID,
		Postgres: servers[len(servers)-1], Log: x.Kafka(t), Logger: slog.New(slog.DiscardHandler), Traces: tracer.Service("payment")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tracer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, folds := c.Named("replay payment"), c.Named("fold")
	if len(whole) != 1 || len(folds) == 0 || whole[0].Parent != "" || whole[0].Trace == trial.TraceID(b.ID) {
		t.Fatalf("the replay is %+v of %+v", whole, folds)
	}
	linked := 0
	for _, s := range folds {
		if s.Trace != whole[0].Trace || s.Parent != whole[0].ID || s.Service != "payment" || s.Failed != "" {
			t.Errorf("%+v is not below %+v", s, whole[0])
		}
		for _, to := range s.Links {
			if linked++; to != trial.TraceID(b.ID) {
				t.Errorf("the replay of %s is linked with %s", b.ID, to)
			}
		}
	}
	if events := len(x.raw(t, b.ID)); linked < 3 || linked > events {
		t.Errorf("it is linked with %d events, of %d", linked, events)
	}
}

func (x traced) failed(t *testing.T) {
	well, fails := x.buy(t, false, ""), x.buy(t, false, "NOWHERE 1")
	well.Await(t, "completed")
	fails.Await(t, "cancelled")
	after := []string{"shipping.rejected.v1", "order.cancelled.v1", "inventory.released.v1", "payment.voided.v1"}
	spans := x.traceOf(t, fails.ID, func(r kafka.Record) bool { return slices.Contains(after, r.Type) })
	x.follows(t, spans, x.raw(t, fails.ID))
	for _, s := range spans {
		if s.Name == "storefront.order_placed.v1" || s.Name == "order.confirmed.v1" {
			t.Errorf("%s was before the failure, and is recorded", s.Name)
		}
		if slices.Contains(after[:2], s.Name) && s.Failed == "" {
			t.Errorf("%s is recorded as no failure", s.Name)
		}
	}
	if none := x.to.Trace(t, well.ID); len(none) > 0 {
		t.Errorf("an order that was not chosen and went well left %+v", none)
	}
}

func (x traced) retried(t *testing.T) {
	x.Gate.Shut("/sim/gateway/v1/authorizations")
	b := x.buy(t, false, "")
	tries := func() []trial.Span {
		return slices.DeleteFunc(x.to.Trace(t, b.ID), func(s trial.Span) bool { return s.Name != "gateway.authorize" })
	}
	trial.Await(t, "two tries", func() (bool, string) { return len(tries()) > 1, "" })
	x.Gate.Open()
	b.Await(t, "completed")
	spans := x.traceOf(t, b.ID, func(r kafka.Record) bool { return r.Type == "payment.authorized.v1" })
	all, answered := tries(), 0
	for _, s := range all {
		if s.Parent != all[0].Parent {
			t.Errorf("the tries have different parents: %+v", all)
		}
		if s.Failed == "" {
			answered++
		}
	}
	first := slices.IndexFunc(all, func(s trial.Span) bool { return s.About["orderflow.call.try"] == "1" })
	if answered != 1 || len(all) < 3 || first < 0 || all[first].Failed == "" {
		t.Errorf("the tries are %+v", all)
	}
	for id, s := range spans {
		if way := above(spans, id); s.Name == "payment.authorized.v1" &&
			(len(way) != 2 || way[1].Name != "gateway.authorize" || way[1].Failed != "") {
			t.Errorf("the authorisation is not below the try that got it: %+v", way)
		}
	}
}
