package app

import (
	"context"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/service"
)

// books are the rows in the database, for the API.
type books struct{ *service.Parts }

func (b books) Journal(ctx context.Context, r store.Range, after store.Place, limit int) ([]store.Posted, error) {
	return store.Journal(ctx, b.DB, r, after, limit)
}

func (b books) EachPosted(ctx context.Context, r store.Range, tell func(store.Posted) error) error {
	return store.EachPosted(ctx, b.DB, r, tell)
}

func (b books) Balance(ctx context.Context) ([]event.Total, error) { return store.Balance(ctx, b.DB) }

func (b books) Reports(ctx context.Context, from, to string, limit int) ([]store.Report, error) {
	return store.Reports(ctx, b.DB, from, to, limit)
}

func (b books) Discrepant(ctx context.Context, after string, limit int) ([]reporting.Account, error) {
	return store.Discrepant(ctx, b.DB, after, limit)
}

func (b books) ReadSettlement(ctx context.Context, day string) error {
	_, err := b.Engine.Submit(ctx, day, reporting.ReadSettlement.Of(reporting.ReadFile{}))
	return err
}
