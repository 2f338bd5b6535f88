package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
	"gorm.io/gorm"

	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/service"
)

const (
	lookEvery  = time.Second
	roundPage  = 100 // customers
	atOnce     = 8
	forget     = time.Hour
	reachLimit = 15 * time.Second
)

// begin checks that the mail server can be reached, and starts what runs beside the machines.
func begin(ctx context.Context, p *service.Parts) (stop func(context.Context) error, err error) {
	sender, err := server(p.Config)
	if err != nil {
		return nil, err
	}
	if sender != nil {
		limited, cancel := context.WithTimeout(ctx, reachLimit)
		defer cancel()
		if err := sender.Reach(limited); err != nil {
			return nil, err
		}
	}
	expiry, rounds := idempotency.StartExpiry(p.DB, p.Log), startRounds(p)
	return func(limit context.Context) error {
		if err := rounds(limit); err != nil {
			return err
		}
		return expiry(limit)
	}, nil
}

// startRounds offers promotions to those who want them, until it is stopped. A process that takes over begins where the last one
// noted how far it was: who was offered the promotion since then is not offered it twice, as their machine knows.
func startRounds(p *service.Parts) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	limiter := rate.NewLimiter(rate.Limit(perSecond(p.Config)), 1)
	go func() {
		defer close(ended)
		tick, tidy := time.NewTicker(lookEvery), time.NewTicker(forget)
		defer tick.Stop()
		defer tidy.Stop()
		for {
			var err error
			select {
			case <-ctx.Done():
				return
			case <-tidy.C:
				err = store.Handovers{DB: p.DB}.Forget(ctx)
			case <-tick.C:
				err = offerAll(ctx, p, limiter)
			}
			if err != nil && ctx.Err() == nil {
				p.Log.Warn("promotions do not go on; trying again", "in", lookEvery, "err", err)
			}
		}
	}()
	return func(limit context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-limit.Done():
			return limit.Err()
		}
	}
}

// offerAll offers every promotion to the rest of those who want promotions. One process at a time does it.
func offerAll(ctx context.Context, p *service.Parts, limiter *rate.Limiter) error {
	for more := true; more; {
		err := p.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			more = false
			var mine bool
			err := tx.Raw(`SELECT pg_try_advisory_xact_lock(hashtextextended('orderflow promotions', 0))`).Row().Scan(&mine)
			if err != nil || !mine {
				return err
			}
			r, found, err := store.NextRound(ctx, p.DB)
			if err != nil || !found {
				return err
			}
			more = true
			return offerNext(ctx, p, limiter, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func offerNext(ctx context.Context, p *service.Parts, limiter *rate.Limiter, r store.Round) error {
	customers, err := store.Next(ctx, p.DB, r.Through, roundPage)
	if err != nil {
		return err
	}
	if len(customers) == 0 || r.Done {
		_, err := p.Engine.Submit(ctx, r.Promotion, notification.EndPromotion.Of(notification.Offered{}))
		return err
	}
	group, offering := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	told := notification.OfferPromotion.Of(notification.Offer{Promotion: r.Promotion, Mail: smtpURL.Of(p.Config) != ""})
	for _, customer := range customers {
		if err = limiter.Wait(offering); err != nil {
			break
		}
		group.Go(func() error { _, err := p.Engine.Submit(offering, customer, told); return err })
	}
	if failed := group.Wait(); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	return store.Went(ctx, p.DB, r.Promotion, customers[len(customers)-1])
}
