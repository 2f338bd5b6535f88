package command

import (
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/demo"
	"orderflow.example/shared/service"
)

// Catalog changes the catalogue of a running platform.
func Catalog() *cobra.Command {
	cmd := &cobra.Command{Use: "catalog", Short: "The catalogue of a running platform: import"}
	cmd.AddCommand(catalogImport())
	return cmd
}

type importFlags struct {
	listeners
	dates        string
	dryRun, json bool
}

func catalogImport() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Imports products, prices and opening stock from a CSV file",
		Long: "Imports products, prices and opening stock into the platform that runs on --data-dir, or the one at --url. The\n" +
			"file is plain, .gz or .xz, in any usual encoding, with any usual separator. Its columns are sku, description, price,\n" +
			"and optionally currency (GBP), backorderable (no), valid_from and valid_until of the price, warehouse (north) and\n" +
			"quantity, the opening stock. A product has several rows where it has several prices, one after another, or\n" +
			"warehouses. A file of orders, with the columns of the demo's, is read for the products in it.\n\n" +
			"A row that cannot be read is named and costs no other; two prices of a product at one time are refused, and nothing\n" +
			"is imported. Of several prices the one that is valid now is listed: import the file again for the next. Repeated, an\n" +
			"import changes nothing: opening stock is received only in warehouses where no goods of the product ever were.\n\n" +
			"Exit code 1 when a product of the file was not imported; rows of a file of orders that sell no goods are no fault.",
		Example: "  orderflow catalog import products.csv\n  orderflow catalog import online-retail.csv.xz --dry-run --json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.bind(cmd)
	cmd.Flags().StringVar(&f.dates, "dates", "",
		"order of day and month in dates like 01/12/2010: dmy or mdy (default: as found from the rows)")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "read the file and report on it; no platform is asked")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the report as JSON, with all rows refused")
	return cmd
}

func (f importFlags) run(cmd *cobra.Command, path string) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	if f.dates != "" && f.dates != string(demo.DayFirst) && f.dates != string(demo.MonthFirst) {
		return service.Usage("dates: want dmy or mdy, not %q", f.dates)
	}
	file, err := demo.Open(path)
	if err != nil {
		return service.Usage("catalog: %w", err)
	}
	defer file.Close()
	o := demo.ImportOptions{Progress: shown("catalog")}
	o.Progress.Stage("reading "+path, 0)
	o.Catalogue, err = demo.ReadCatalogue(file, path, demo.DateOrder(f.dates), time.Now())
	if err != nil {
		hide(o.Progress)
		return service.Usage("catalog: %s: %w", path, err)
	}
	done := o.Catalogue.Preview()
	if !f.dryRun {
		if o.StorefrontURL, o.OperatorsURL, o.Key, err = f.find(cmd.Context(), c, "catalog"); err != nil {
			hide(o.Progress)
			return err
		}
		done, err = demo.Import(cmd.Context(), o)
	}
	hide(o.Progress)
	switch {
	case cmd.Context().Err() != nil:
		return service.Environment("catalog: %w; the same command resumes where it stopped", errInterrupted)
	case err != nil:
		return service.Environment("catalog: %w", err)
	}
	err = printed(cmd.OutOrStdout(), f.json, done, func() error { return done.Print(cmd.OutOrStdout()) })
	if err == nil && !done.Whole() {
		err = service.Failed("catalog: not all of %s was imported: %s and %s refused", path, plural(len(done.Refused), "row"),
			plural(len(done.RefusedSKUs), "product"))
	}
	return err
}
