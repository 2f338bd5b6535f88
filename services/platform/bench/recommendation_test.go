package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/inventory"
	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/service"
)

func sampled(t *testing.T) RecommendationOptions {
	t.Helper()
	file, err := demo.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	o := RecommendationOptions{Config: service.Config{DataDir: t.TempDir(), Partitions: 4, LogFormat: "text"},
		From: time.Date(2010, 12, 14, 0, 0, 0, 0, time.UTC), To: time.Date(2010, 12, 15, 0, 0, 0, 0, time.UTC),
		Progress: io.Discard, Log: slog.New(slog.DiscardHandler)}
	if o.Baskets, err = demo.Baskets(file, demo.Undecided); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheServiceFindsMoreHiddenGoodsThanCountsOfPairsAndThePopularOnes(t *testing.T) {
	t.Parallel()
	r, err := RunRecommendation(t.Context(), sampled(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.Baskets < 50 || r.Trained < 500 || r.Queries < 10*r.Baskets || r.QueryMS.P50 <= 0 || r.UpdateCPU.Own <= 0 ||
		r.UpdateCPU.Postgres <= 0 {
		t.Errorf("%+v", r)
	}
	if r.HitRate < 1.5*r.Cooccurrence.HitRate || r.MRR < 1.5*r.Cooccurrence.MRR || r.HitRate < 2*r.MostPopular.HitRate ||
		r.Cooccurrence.HitRate == 0 || r.MostPopular.HitRate == 0 {
		t.Errorf("%+v", r)
	}
	var table bytes.Buffer
	if err := PrintRecommendation(&table, ThisMachine(), r); err != nil || !strings.Contains(table.String(), "counts of pairs") {
		t.Error(err, table.String())
	}
}

func TestDaysWithoutABasketAreRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	o := sampled(t)
	o.From, o.To = o.From.AddDate(1, 0, 0), o.To.AddDate(1, 0, 0)
	if _, err := RunRecommendation(t.Context(), o); !errors.Is(err, ErrNoBasket) {
		t.Error(err)
	}
}

// answer is what GET /v1/recommendations says.
type answer struct {
	SKU    string
	Reason struct {
		Kind, With, Text string
		Orders           int
	}
}

func (s *learner) get(t *testing.T, query string, want int) []answer {
	t.Helper()
	res, err := http.Get(s.platform.StorefrontURL + "/v1/recommendations?" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var page struct{ Items []answer }
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil || res.StatusCode != want {
		t.Fatalf("%s: %s %v", query, res.Status, err)
	}
	return page.Items
}

func TestAServiceThatWasStartedAgainLearnsOnAsAReplayOfItsTopicDoes(t *testing.T) {
	t.Parallel()
	o := sampled(t)
	o.Baskets = o.Baskets[:400]
	s, err := openLearner(t.Context(), o)
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	learn := func(from, to, together int) {
		for ; from < to; from += together {
			must(s.learn(t.Context(), o.Baskets[from:min(from+together, to)]...))
		}
	}
	learn(0, 150, 37)
	must(s.stop())
	must(s.start(t.Context()))
	learn(150, 200, 1)
	learn(200, 400, 100)

	s.counts(t, o.Baskets)
	s.soldOut(t, "85123A")
	for _, query := range []string{"sku=A&limit=0", "sku=A&limit=51", "sku=A&much=1", "visitor=a%20b"} {
		s.get(t, query, 422)
	}
	s.get(t, "", 401)

	at := slices.IndexFunc(services.All, func(a service.App) bool { return a.Name == "recommendation" })
	r, err := replay.Open(t.Context(), replay.Config{App: services.All[at], Partitions: s.platform.Partitions,
		Postgres: s.platform.Postgres, Log: s.kafka, Fresh: true, Logger: slog.New(slog.DiscardHandler)})
	must(err)
	defer r.Close()
	_, err = r.Rebuild(t.Context())
	must(err)
	c, err := r.Compare(t.Context())
	must(err)
	rows := map[string]int64{}
	for _, table := range c.Tables {
		rows[table.Table] = table.Rows
	}
	if !c.Equal() || rows["baskets"] != 400 || rows["orders"] != 400 || rows["goods"] == 0 || rows["products"] < rows["goods"] {
		t.Errorf("%+v", c)
	}
}

// counts compares what the service tells of a product with the orders.
func (s *learner) counts(t *testing.T, baskets []demo.Basket) {
	t.Helper()
	const sku = "85123A"
	list := s.get(t, "sku="+sku, 200)
	if len(list) != 10 {
		t.Fatal(list)
	}
	for _, a := range list {
		together := 0
		for _, b := range baskets {
			if slices.Contains(b.SKUs, sku) && slices.Contains(b.SKUs, a.SKU) {
				together++
			}
		}
		if a.Reason.Kind == "bought_together" && (a.Reason.Orders != together || a.Reason.With != sku ||
			together > 1 && a.Reason.Text != fmt.Sprintf("bought together with %s %d times", sku, together)) {
			t.Errorf("%+v, and in %d orders", a, together)
		}
	}
}

// soldOut lets the best recommendation be sold out.
func (s *learner) soldOut(t *testing.T, sku string) {
	t.Helper()
	best := s.get(t, "sku="+sku, 200)[0].SKU
	err := s.publish(t.Context(), inventory.StockChanged.About(best, inventory.StockChangedV1{}))
	if err == nil {
		err = s.until(context.Background(), `SELECT count(*) FROM products WHERE available = 0`, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	list := s.get(t, "sku="+sku, 200)
	if len(list) != 10 || slices.ContainsFunc(list, func(a answer) bool { return a.SKU == best }) {
		t.Errorf("%s is sold out: %v", best, list)
	}
}
