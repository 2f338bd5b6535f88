package command

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"orderflow.example/services/platform/run"
)

// printAddresses prints the line "ready …" that programs wait for, then all addresses for people, without passwords.
func printAddresses(w io.Writer, r run.Running, dataDir, console string) error {
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
	line("the shop", at(r.StorefrontURL, "/shop"))
	line("its API", at(r.StorefrontURL, "/docs"))
	line("the console, for two minutes", console)
	line("its API", at(r.OperatorsURL, "/docs"))
	line("metrics", at(r.OperatorsURL, "/metrics"))
	line("health of each part", at(r.OperatorsURL, "/readyz"))
	line("simulated gateway's book", at(r.WorldURL, "/sim/gateway/book"))
	if r.MailURL != "" {
		line("simulated mail server", r.MailURL)
		line("mail that it took", at(r.WorldURL, "/sim/mail/messages"))
	}
	line("Kafka", strings.Join(r.Kafka, ","))
	if postgres, err := url.Parse(r.Postgres); err == nil {
		line("Postgres", postgres.Redacted())
	}
	if line("traces go to", r.TracesURL); r.TracesURL == "" {
		line("traces", "--otlp-endpoint http://127.0.0.1:4318 --trace-ratio 1")
	}
	line("Prometheus and Jaeger", "make observe, in another terminal")
	line("a customer's token", "orderflow token --customer ann --data-dir "+dataDir)
	line("an operator's", "orderflow token --operator --data-dir "+dataDir)
	line("a link to the console", "orderflow token --operator --link --data-dir "+dataDir)
	return table.Flush()
}
