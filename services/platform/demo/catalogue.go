package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/shared/httpserver"
)

// Catalogue is a file's products with their prices and opening stock, read and checked, and not yet imported.
type Catalogue struct {
	source   string
	format   Format
	rows     int
	orders   bool // the file is one of orders
	products []product
	lines    []int // at which each product begins
	opening  []stocked
	faults   []Malformed
}

var (
	catalogueColumns = []string{"sku", "description", "price"}
	optionalColumns  = []string{"currency", "backorderable", "validfrom", "validuntil", "warehouse", "quantity"}
)

// The places of the optional columns among all.
const (
	currencyColumn = iota + 3
	backorderableColumn
	fromColumn
	untilColumn
	warehouseColumn
	quantityColumn
)

// ReadCatalogue reads a whole file, uncompressed as from Open: a catalogue, or a file of orders, from which it takes products,
// prices and opening stock as the demo does. Now decides which prices are valid. An error is about the file: two prices of a
// product at one time, or nothing that can be sold.
func ReadCatalogue(r io.Reader, source string, dates DateOrder, now time.Time) (*Catalogue, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxFile:
		return nil, fmt.Errorf("the file is larger than %d MiB; split it", maxFile>>20)
	}
	if _, err := openSheet(raw, orderColumns, nil); err == nil {
		return catalogueOfOrders(raw, source, dates)
	}
	f, err := openSheet(raw, catalogueColumns, optionalColumns)
	if err != nil {
		if errors.As(err, new(lacking)) {
			err = fmt.Errorf("%w, optionally %s; or the columns of a file of orders: %s", err,
				strings.Join(optionalColumns, ", "), strings.Join(orderColumns, ", "))
		}
		return nil, err
	}
	if err := f.settle(dates, f.places[fromColumn:untilColumn+1], f.places[2]); err != nil {
		return nil, err
	}
	c := &Catalogue{source: source, format: f.format()}
	l := priceList{places: map[string]int{}}
	bad := func(line int, reason error) { c.rows++; c.faults = append(c.faults, Malformed{line, reason.Error()}) }
	unclear := 0
	err = f.records(func(line int, fields []string) {
		row, ambiguous, err := f.catalogueRow(fields)
		if err == nil {
			err = l.add(row, line)
		}
		if err != nil {
			bad(line, err)
			return
		}
		c.rows++
		if ambiguous && unclear == 0 {
			unclear = line
		}
	}, bad)
	switch {
	case err != nil:
		return nil, err
	case unclear > 0:
		return nil, fmt.Errorf("the date on line %d can be day or month first, and no row of the file decides it; "+
			"give the order with --dates dmy or --dates mdy", unclear)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	l.settle(c, now)
	return c, c.check()
}

// catalogueOfOrders takes the products of a file of orders.
func catalogueOfOrders(raw []byte, source string, dates DateOrder) (*Catalogue, error) {
	p, err := NewPlan(bytes.NewReader(raw), source, 0, dates)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{source: source, format: p.format, rows: p.draft.account.read, orders: true, faults: p.draft.faults}
	places := map[int32]int32{}
	for i, one := range p.products {
		if one.price > 0 {
			places[int32(i)] = int32(len(c.products))
			c.products, c.lines = append(c.products, one), append(c.lines, 0)
		}
	}
	for _, d := range p.opening {
		for _, s := range d.items {
			if place, sold := places[s.sku]; sold {
				c.opening = append(c.opening, stocked{place, s.warehouse, s.quantity})
			}
		}
	}
	return c, c.check()
}

func (c *Catalogue) check() error {
	slices.SortStableFunc(c.faults, func(a, b Malformed) int { return a.Line - b.Line })
	if len(c.products) > 0 {
		return nil
	}
	why := ""
	if len(c.faults) > 0 {
		why = fmt.Sprintf("; line %d: %s", c.faults[0].Line, c.faults[0].Reason)
	}
	return fmt.Errorf("the file has no product that can be listed (%d rows read)%s", c.rows, why)
}

// catalogueRow is one valid row of a catalogue.
type catalogueRow struct {
	product
	from, until time.Time // of the price; zero: without an end
	warehouse   string
	quantity    int64
}

var errNoQuantity = errors.New("the quantity is not a whole number of pieces from 0 to 1,000,000,000")

func (f sheet) catalogueRow(fields []string) (r catalogueRow, unclear bool, err error) {
	field := func(i int) string {
		if f.places[i] < 0 {
			return ""
		}
		return strings.TrimSpace(fields[f.places[i]])
	}
	r.sku, r.description, r.currency = strings.ToUpper(field(0)), printable(field(1)), strings.ToUpper(field(currencyColumn))
	switch {
	case !isName(r.sku, 64):
		return r, false, errors.New("the SKU is missing or not plain text of at most 64 characters")
	case r.description == "":
		return r, false, errors.New("the description is missing")
	case httpserver.HoldsCard("sku", r.sku) || httpserver.HoldsCard("description", r.description):
		return r, false, errors.New("the SKU or the description looks like a payment card number; the platform takes none")
	case r.currency != "" && !schemas.KnownCurrency(r.currency):
		return r, false, errors.New("the currency is not the ISO 4217 code of one that people pay with, as GBP")
	}
	digits := schemas.Decimals(r.currency)
	price, exact, err := minorUnits(field(2), f.decimal, digits)
	switch {
	case err != nil:
		return r, false, err
	case price <= 0:
		return r, false, errors.New("the price is not above 0")
	case !exact:
		return r, false, fmt.Errorf("the price has more than the %d digits after the decimal mark that its currency has", digits)
	}
	r.price = price
	switch strings.ToLower(field(backorderableColumn)) {
	case "", "no", "false", "0":
	case "yes", "true", "1":
		r.backorderable = true
	default:
		return r, false, errors.New("backorderable is neither yes nor no")
	}
	if unclear, err = f.validity(&r, field(fromColumn), field(untilColumn)); err != nil {
		return r, false, err
	}
	return r, unclear, r.stock(field(warehouseColumn), field(quantityColumn))
}

// validity parses the ends of a price's time.
func (f sheet) validity(r *catalogueRow, from, until string) (unclear bool, err error) {
	for text, at := range map[string]*time.Time{from: &r.from, until: &r.until} {
		if text == "" {
			continue
		}
		var either bool
		if *at, either, err = readTime(text, f.dates); err != nil {
			return false, fmt.Errorf("valid_from, valid_until: %w", err)
		}
		unclear = unclear || either
	}
	if from != "" && from == until || !r.until.IsZero() && !r.from.Before(r.until) {
		return false, errors.New("valid_until is not after valid_from")
	}
	return unclear, nil
}

// stock parses the opening stock. Without a warehouse it is in the first.
func (r *catalogueRow) stock(warehouse, quantity string) (err error) {
	switch {
	case quantity == "" && warehouse == "":
		return nil
	case quantity == "":
		return errors.New("it names a warehouse and no quantity")
	case warehouse == "":
		warehouse = warehouses[0]
	}
	if r.warehouse = warehouse; !isName(warehouse, 64) {
		return errors.New("the warehouse is not plain text of at most 64 characters")
	}
	if httpserver.HoldsCard("warehouse", warehouse) {
		return errors.New("the warehouse looks like a payment card number; the platform takes none")
	}
	if r.quantity, err = strconv.ParseInt(quantity, 10, 64); err != nil || r.quantity < 0 || r.quantity > maxReceived {
		return errNoQuantity
	}
	return nil
}
