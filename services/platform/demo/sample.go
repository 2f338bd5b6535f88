package demo

import (
	"context"
	"net/http"
	"time"
)

// Furnish imports the bundled file's products and opening stock into an empty shop; o names the platform. Done is false, and
// nothing happens, if customers see a product there. Before is called before the import.
func Furnish(ctx context.Context, o ImportOptions, before func()) (i Imported, done bool, err error) {
	c, err := newClient(Options{StorefrontURL: o.StorefrontURL, OperatorsURL: o.OperatorsURL, Key: o.Key, Patience: away,
		Plan: &Plan{}}, 1)
	if err != nil {
		return i, false, err
	}
	var page struct {
		Items []offer `json:"items"`
	}
	if _, _, err := c.ask(ctx, asked{method: http.MethodGet, url: c.storefront + "/v1/products?limit=1"}, &page); err != nil {
		return i, false, err
	}
	if len(page.Items) > 0 {
		return i, false, nil
	}
	before()
	file, err := Open("")
	if err != nil {
		return i, false, err
	}
	defer file.Close()
	if o.Catalogue, err = ReadCatalogue(file, Sample, Undecided, time.Now()); err != nil {
		return i, false, err
	}
	o.Empty = true
	i, err = Import(ctx, o)
	return i, err == nil, err
}
