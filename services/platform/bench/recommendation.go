package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"orderflow.example/services/platform/demo"
	"orderflow.example/shared/service"
)

// RecommendationOptions configure a measurement of the recommendation service.
type RecommendationOptions struct {
	Config   service.Config // of which the directory, listeners, broker and database are replaced
	Baskets  []demo.Basket  // in the order of their times
	From, To time.Time      // of the baskets that are asked about: from the beginning of From to the beginning of To
	Progress io.Writer
	Log      *slog.Logger
}

// Recommendation holds the figures. Each basket counts once, as the mean over its goods, each of which was hidden in turn.
type Recommendation struct {
	Accuracy
	Baskets      int      `json:"baskets"`
	MostPopular  Accuracy `json:"most_popular"`
	Cooccurrence Accuracy `json:"cooccurrence"`

	Trained   int       `json:"trained"` // baskets learnt before the first question
	Lines     float64   `json:"lines"`   // of these, in the mean
	Queries   int       `json:"queries"`
	QueryMS   Quantiles `json:"query_ms"`                // over HTTP
	UpdateCPU Processes `json:"update_cpu_ms_per_order"` // while the first baskets were learnt
}

// Accuracy is how well hidden goods were found.
type Accuracy struct {
	HitRate float64 `json:"hit_rate_at_10"`
	MRR     float64 `json:"mrr_at_10"`
}

const (
	answers  = 10
	smallest = 2 // goods of a basket that is asked about
	largest  = 60
	together = 100 // baskets published at once before the first question
)

// ErrNoBasket tells that there is nothing to ask about.
var ErrNoBasket = errors.New("no invoice of 2 to 60 goods is of these days")

// ranker ranks goods for a basket without one of its goods. It learns each basket after it was asked about it.
type ranker interface {
	ask(ctx context.Context, b demo.Basket, hidden int) ([]string, error)
	learn(ctx context.Context, baskets ...demo.Basket) error
}

// RunRecommendation asks the service for the hidden goods of each basket, and then lets it learn the basket, as it learnt all
// those before.
func RunRecommendation(ctx context.Context, o RecommendationOptions) (r Recommendation, err error) {
	first, _ := slices.BinarySearchFunc(o.Baskets, o.From, func(b demo.Basket, at time.Time) int { return b.At.Compare(at) })
	end, _ := slices.BinarySearchFunc(o.Baskets, o.To, func(b demo.Basket, at time.Time) int { return b.At.Compare(at) })
	if !slices.ContainsFunc(o.Baskets[first:max(first, end)], asked) {
		return r, ErrNoBasket
	}
	fmt.Fprintln(o.Progress, "starting the recommendation service")
	s, err := openLearner(ctx, o)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return r, err
	}
	popular, counts := &mostPopular{orders: map[string]int{}}, &cooccurrence{ids: map[string]int32{}}
	before := s.processes.cpu()
	for n := 0; n < first; n += together {
		fmt.Fprintf(o.Progress, "\rlearning %d of %d baskets", n, first)
		if err := s.learn(ctx, o.Baskets[n:min(n+together, first)]...); err != nil {
			return r, err
		}
	}
	r.Trained = first
	if first > 0 {
		r.UpdateCPU = s.processes.cpu().minus(before).over(float64(first))
	}
	for _, b := range o.Baskets[:first] {
		r.Lines += float64(len(b.SKUs)) / float64(first)
		_, _ = popular.learn(ctx, b), counts.learn(ctx, b)
	}
	for n, b := range o.Baskets[first:end] {
		fmt.Fprintf(o.Progress, "\rasking about %d of %d baskets", n, end-first)
		if asked(b) {
			r.Baskets++
		}
		for of, by := range map[*Accuracy]ranker{&r.Accuracy: s, &r.MostPopular: popular, &r.Cooccurrence: counts} {
			if err := of.add(ctx, b, by); err != nil {
				return r, err
			}
			if err := by.learn(ctx, b); err != nil {
				return r, err
			}
		}
	}
	fmt.Fprintln(o.Progress)
	for _, of := range []*Accuracy{&r.Accuracy, &r.MostPopular, &r.Cooccurrence} {
		of.HitRate, of.MRR = of.HitRate/float64(r.Baskets), of.MRR/float64(r.Baskets)
	}
	r.Queries, r.QueryMS = len(s.took), quantiles(s.took)
	return r, nil
}

func asked(b demo.Basket) bool { return len(b.SKUs) >= smallest && len(b.SKUs) <= largest }

// add asks about a basket.
func (a *Accuracy) add(ctx context.Context, b demo.Basket, by ranker) error {
	if !asked(b) {
		return nil
	}
	each := 1 / float64(len(b.SKUs))
	for hidden, sku := range b.SKUs {
		list, err := by.ask(ctx, b, hidden)
		if err != nil {
			return err
		}
		if at := slices.Index(list[:min(len(list), answers)], sku); at >= 0 {
			a.HitRate += each
			a.MRR += each / float64(at+1)
		}
	}
	return nil
}

// PrintRecommendation writes the figures as a table.
func PrintRecommendation(w io.Writer, machine Machine, r Recommendation) error {
	_, err := fmt.Fprintf(w, `Each good of %d baskets hidden in turn, after learning %d. %s

                          hit rate at 10   MRR at 10
  the service                     %5.1f%%       %.3f
  counts of pairs                 %5.1f%%       %.3f
  most popular                    %5.1f%%       %.3f

%d queries over HTTP: p50 %.2f ms, p99 %.2f ms. Learning an order of %.0f lines: %.2f ms of CPU here, %.2f ms in Postgres.
"Here" is the process of the service and of the embedded broker.
`, r.Baskets, r.Trained, machine, 100*r.HitRate, r.MRR, 100*r.Cooccurrence.HitRate, r.Cooccurrence.MRR,
		100*r.MostPopular.HitRate, r.MostPopular.MRR, r.Queries, r.QueryMS.P50, r.QueryMS.P99, r.Lines, r.UpdateCPU.Own,
		r.UpdateCPU.Postgres)
	return err
}
