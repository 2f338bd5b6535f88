package command

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"orderflow.example/services/platform/run"
)

// printAddresses prints the line "ready …" that programs wait for, then the addresses for people, without passwords.
func printAddresses(w io.Writer, r run.Running) error {
	if _, err := fmt.Fprintf(w, "ready %s operators %s kafka %v\n", r.StorefrontURL, r.OperatorsURL, r.Kafka[0]); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what, where string) {
		if where != "" {
			fmt.Fprintf(table, "  %s\t%s\n", what, where)
		}
	}
	at := func(base, path string) string {
		if base == "" {
			return ""
		}
		return base + path
	}
	line("storefront, its API page", at(r.StorefrontURL, "/docs"))
	line("operators, their API page", at(r.OperatorsURL, "/docs"))
	line("metrics", at(r.OperatorsURL, "/metrics"))
	line("Kafka", strings.Join(r.Kafka, ","))
	if postgres, err := url.Parse(r.Postgres); err == nil {
		line("Postgres", postgres.Redacted())
	}
	line("next", "orderflow token --customer ann; then place an order on the storefront's page")
	return table.Flush()
}
