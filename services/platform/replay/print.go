package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes the counts for people; nothing where there are none.
func (s *Scan) Print(w io.Writer) error {
	if s == nil {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s: %d events of its own and %d of others that it shows, %d bytes, all can be read\n", s.Service,
		s.Own, s.Inputs, s.Bytes)
	if !s.First.IsZero() {
		fmt.Fprintf(t, "decided from %s to %s\n", s.First.UTC().Format(time.RFC3339), s.Last.UTC().Format(time.RFC3339))
	}
	for _, name := range s.Names() {
		fmt.Fprintf(t, "  %s\t%d\n", name, s.Types[name])
	}
	return t.Flush()
}

// Print writes the result for people; nothing where there is none.
func (r *Rebuilt) Print(w io.Writer) error {
	if r == nil {
		return nil
	}
	_,
		err := fmt.Fprintf(w,
		"%s: rebuilt from %d events in the schema %s of its database, %.0f events/s (%.1f s; of the workers' time: decode %s, "+
			"load %s, fold %s, write %s)\n", r.Service, r.Effort.Events, r.Schema, r.PerSecond(), r.Took.Seconds(),
		share(r.Decode, r.Effort), share(r.Load, r.Effort), share(r.Fold, r.Effort), share(r.Write, r.Effort))
	if err == nil && r.Behind {
		_, err = fmt.Fprintf(w, "  its database is behind its topic: --apply brings it level\n")
	}
	if err == nil && len(r.Kept) > 0 {
		_, err = fmt.Fprintf(w, "  no event leads to the tables %s: they stay as they are\n", strings.Join(r.Kept, ", "))
	}
	return err
}

func share(part time.Duration, of Effort) string {
	return fmt.Sprintf("%.0f%%", 100*part.Seconds()/max(1e-9, (of.Decode+of.Load+of.Fold+of.Write).Seconds()))
}

// printed is the number of differences that are printed.
const printed = 20

// Print writes the tables and the first differences; nothing where nothing was compared.
func (c *Comparison) Print(w io.Writer) error {
	if c == nil {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TABLE\tROWS\tLIVE\tREBUILT\tDIFFER\tMISSING\tEXTRA")
	for _, x := range c.Tables {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%d\t%d\t%d\n", x.Table, x.Rows, x.Live, x.Rebuilt, x.Differs, x.Missing, x.Extra)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, d := range c.Differences[:min(len(c.Differences), printed)] {
		fmt.Fprintf(w, "%s %s: %s\n", d.Table, strings.Join(d.Key, " "), map[string]string{
			"differs": "differs", "missing": "is missing in the live table", "extra": "no event led to this row"}[d.Kind])
		if d.Kind != "differs" {
			continue
		}
		for _, x := range d.Columns {
			fmt.Fprintf(w, "  %s: live %s, rebuilt %s\n", x.Name, short(x.Live), short(x.Rebuilt))
		}
	}
	if more := len(c.Differences) - printed; more > 0 {
		fmt.Fprintf(w, "… and more: --json lists up to %d of each kind and table, whole\n", listed)
	}
	return nil
}

// short is a value, cut to fit on a line.
func short(value json.RawMessage) string {
	const most = 100
	if len(value) > most {
		return string(value[:most]) + "…"
	}
	return cmp.Or(string(value), "none")
}

// Print writes the swapped tables; nothing where none were.
func (a *Applied) Print(w io.Writer) error {
	if a == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: swapped in %s; deciding waited for %d ms. The tables of before are in the schema %s: "+
		"`orderflow replay %[1]s --undo` brings them back\n", a.Service, strings.Join(a.Tables, ", "), a.Held.Milliseconds(), a.Kept)
	if r := a.Restored; r != nil && err == nil {
		_, err = fmt.Fprintf(w, "  the database got back %d events, %d open questions and %d deadlines\n", r.Events,
			r.Questions, r.Deadlines)
	}
	return err
}
