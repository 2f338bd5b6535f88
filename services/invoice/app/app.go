// Package app wires the invoice service for its own command and the platform's.
package app

import (
	"io"
	"os"

	"github.com/danielgtaylor/huma/v2"

	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
	"orderflow.example/services/invoice/internal/api"
	"orderflow.example/services/invoice/internal/store"
	"orderflow.example/services/invoice/model"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// The files with the terms of documents. An issued document keeps the terms it was issued by.
var (
	rates = service.Flag[string]{Name: "tax-rates",
		Usage: "CSV file of taxes: country,category,percent,from,until (default: VAT of the United Kingdom and the European Union)",
		Check: func(path string) error { _, err := ratesIn(path); return err }}
	seller = service.Flag[string]{Name: "seller",
		Usage: "JSON file of who issues invoices: name, address, tax_number, registration, email (default: an invented company)",
		Check: func(path string) error { _, err := sellerIn(path); return err }}
)

// App is the invoice service, ready to run.
var App = service.App{
	Name:       "invoice",
	Model:      model.Service,
	Migrations: store.Migrations,
	Bindings:   bindings(invoice.Standard()),
	Flags:      []service.Declared{rates, seller},
	Configured: func(c service.Config) []engine.Binding { return bindings(terms(c)) },
	Storefront: func(to huma.API, p *service.Parts) { api.Register(to, store.NewReader(p.DB)) },
}

func bindings(t invoice.Terms) []engine.Binding {
	return []engine.Binding{
		{Machine: t.Choreography().Machine(), Store: store.Invoices()},
		{Machine: invoice.Products.Machine(), Store: store.Products()},
	}
}

// terms panics where a file has changed for the worse since the flags were checked, a moment ago.
func terms(c service.Config) (t invoice.Terms) {
	var err error
	if t.Rates, err = ratesIn(rates.Of(c)); err == nil {
		t.Seller, err = sellerIn(seller.Of(c))
	}
	if err != nil {
		panic(err)
	}
	return t
}

func ratesIn(path string) (invoice.Rates, error) {
	return read(path, invoice.Standard().Rates, invoice.ReadRates)
}

func sellerIn(path string) (event.Seller, error) {
	return read(path, invoice.Standard().Seller, invoice.ReadSeller)
}

func read[T any](path string, standard T, parse func(io.Reader, string) (T, error)) (T, error) {
	if path == "" {
		return standard, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return standard, err
	}
	defer file.Close()
	return parse(file, path)
}
