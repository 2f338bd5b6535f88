package store

import (
	"gorm.io/gorm"

	"orderflow.example/services/storefront"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// Visits is the store of visits, which keeps nothing.
func Visits() engine.Store { return visits{} }

type visits struct{}

func (visits) Load(*gorm.DB, []saga.Event) (engine.States, error)     { return noVisits{}, nil }
func (visits) Each(*gorm.DB, func(key string, state any) error) error { return nil }
func (visits) Memory() engine.States                                  { return noVisits{} }
func (visits) Tables() []string                                       { return nil }

type noVisits struct{}

func (noVisits) Get(e saga.Event) any                         { return storefront.BlankVisit(e.Key) }
func (noVisits) Put(saga.Event, any)                          {}
func (noVisits) Save(*gorm.DB) error                          { return nil }
func (noVisits) Each(func(key string, state any) error) error { return nil }
