package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const listed = 1000 // products in one request

// furnish fills the shop: products on sale, and the stock of the first day. It returns once customers see both.
func (r *replay) furnish(ctx context.Context) error {
	r.o.Progress.Stage("loading the catalogue", 0)
	onSale := slices.DeleteFunc(slices.Clone(r.plan.products), func(p product) bool { return p.price == 0 })
	for some := range slices.Chunk(onSale, listed) {
		if err := r.client.list(ctx, some); err != nil {
			return err
		}
	}
	fresh, stocked := 0, map[string]bool{}
	for _, d := range r.plan.opening {
		n, err := r.client.receive(ctx, d, r.plan.products)
		if err != nil {
			return err
		}
		fresh += n
		for _, s := range d.items {
			stocked[r.plan.products[s.sku].sku] = true
		}
	}
	// Where all stock had come before, some of it may be sold out, and there is no level to wait for.
	return r.visible(ctx, onSale, func(o offer) bool { return fresh == 0 || o.Available > 0 || !stocked[o.SKU] })
}

// visible waits until customers see every product at its price, and in stock.
func (r *replay) visible(ctx context.Context, onSale []product, inStock func(offer) bool) error {
	for began := time.Now(); ; {
		missing := make(map[string]int64, len(onSale))
		for _, p := range onSale {
			missing[p.sku] = p.price
		}
		err := r.client.offers(ctx, func(o offer) {
			if missing[o.SKU] == o.Price.Amount && inStock(o) {
				delete(missing, o.SKU)
			}
		})
		switch {
		case err != nil:
			return err
		case len(missing) == 0:
			return nil
		case time.Since(began) > r.o.Patience:
			return fmt.Errorf("after %s customers do not see %d of %d products as they were loaded; see /v1/obligations or /v1/parked on the operators' listener",
				r.o.Patience, len(missing), len(onSale))
		}
		if !pause(ctx, 200*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

// receive takes in the goods of one day.
func (r *replay) receive(ctx context.Context, day *receipt) error {
	var faults []error
	for _, d := range day.deliveries {
		_, err := r.client.receive(ctx, d, r.plan.products)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// pause waits and says whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
