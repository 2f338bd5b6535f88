package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// PrintProduct writes the results as one table.
func PrintProduct(w io.Writer, machine Machine, results []Product) error {
	fmt.Fprintf(w, "Orders over HTTP to their end, all services, Postgres with fsync, acks from all. %s\n\n", machine)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\t\t\t\t\tplaced ms\tconfirmed ms\tended ms\tCPU ms/order\t\t\tevents\tMiB\tMiB\tdrained\t")
	fmt.Fprintln(table,
		"broker\tlines\tload\tshed\torders/s\tp50 / p99\tp50 / p99\tp50 / p99\tthis\tPostgres\tKafka\t/order\tthis\t"+
			"Postgres\ts\t")
	for _, r := range results {
		if r.Traced > 0 {
			r.Broker += fmt.Sprintf(", %.3g%% traced", 100*r.Traced)
		}
		for _, l := range r.Loads {
			load := fmt.Sprintf("%d at once", l.Callers)
			if l.Rate > 0 {
				load = fmt.Sprintf("%.0f/s", l.Rate)
			}
			fmt.Fprintf(table, "%s ×%d\t%d\t%s\t%d\t%.0f\t%v\t%v\t%v\t%.2f\t%.2f\t%.2f\t%.1f\t%.0f\t%.0f\t%.1f\t\n",
				r.Broker, r.Partitions, l.Lines, load, l.Shed, l.PerSecond, l.Placing, l.Confirming, l.Ending, l.CPU.Own,
				l.CPU.Postgres, l.CPU.Kafka, l.Events, l.Resident.Own, l.Resident.Postgres, l.Drained)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		fmt.Fprintf(w, "\n%s: %d orders accepted, all carried out; verify holds (%d events in %.1f s)\n",
			r.Broker, r.Accepted, r.Verified, r.VerifyTook)
	}
	_, err := fmt.Fprintln(w, "\n\"this\" is the process of all services, the simulated world, the embedded broker and "+
		"those who order.")
	return err
}

func (q Quantiles) String() string { return fmt.Sprintf("%.0f / %.0f", q.P50, q.P99) }
