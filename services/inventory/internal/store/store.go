// Package store keeps reservations and stock levels as rows, and builds the state for an event from both.
package store

import (
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type reservationRow struct {
	OrderID string `gorm:"primaryKey"`
	Status  string
	Lines   []schemas.Allocation `gorm:"serializer:json"`
	Returns []string             `gorm:"serializer:json"`

	Sent      []schemas.Allocation `gorm:"serializer:json"`
	LeftOut   []schemas.Allocation `gorm:"serializer:json"`
	Since     *time.Time
	Lost      []schemas.Allocation `gorm:"serializer:json"`
	Count     string
	Backorder *event.BackorderedV1 `gorm:"serializer:json"`
	Waits     string               `gorm:"->:false;<-;type:text[]"` // the SKUs that it waits for, to find it by them
}

func (reservationRow) TableName() string { return "reservations" }

type skuRow struct {
	SKU      string   `gorm:"primaryKey;column:sku"`
	Receipts []string `gorm:"serializer:json"`
}

func (skuRow) TableName() string { return "skus" }

type levelRow struct {
	SKU           string `gorm:"primaryKey;column:sku"`
	Warehouse     string `gorm:"primaryKey"`
	OnHand        int64
	Reserved      int64
	OnOrder       int64
	ReorderPoint  int64
	Replenishment string
}

func (levelRow) TableName() string { return "stock" }

// Stock is the tables of reservations and levels.
type Stock struct {
	reservations *database.Table[reservationRow]
	skus         *database.Table[skuRow]
	levels       *database.Table[levelRow]
	movements    *database.Table[movementRow]
}

var _ engine.Store = (*Stock)(nil)

// New is the store of the inventory service.
func New() *Stock {
	return &Stock{database.NewTable[reservationRow](), database.NewTable[skuRow](), database.NewTable[levelRow](),
		database.NewTable[movementRow]()}
}

// Load locks the reservations of the inputs' orders, then the SKUs that these and the inputs are about, each in key
// order. The lock of a SKU covers all its levels and those who wait for it; they are read afterwards, so that they are the
// newest.
// A SKU without a row to lock was never received: it has no levels, only its own partition's worker will create any, and nobody
// waits for it. A replay may reach an order before the receipts of its goods, and reads levels without a row to lock.
func (t *Stock) Load(tx *gorm.DB, inputs []saga.Event) (engine.States, error) {
	set := t.memory()
	set.saved = true
	var orders []saga.Event
	for _, e := range inputs {
		if !aboutSKU(e) {
			orders = append(orders, e)
		}
	}
	reservations, err := t.reservations.LoadForUpdate(tx, engine.Keys(orders))
	if err != nil {
		return nil, err
	}
	for _, r := range reservations {
		set.set(r.OrderID, fromReservation(r))
	}
	concerned := set.concerned(inputs...)
	found, err := t.skus.LoadForUpdate(tx, concerned)
	if err != nil {
		return nil, err
	}
	locked := make([]string, len(found))
	for i, r := range found {
		locked[i] = r.SKU
		set.receipts[r.SKU] = r.Receipts
	}
	if engine.Replays(tx) {
		locked = concerned
	}
	if len(locked) == 0 {
		return set, nil
	}
	if err := t.read(tx, set, "WHERE sku = ANY($1::text[])", locked); err != nil || engine.Replays(tx) {
		return set, err
	}
	if err := t.line(tx, set, locked); err != nil {
		return nil, err
	}
	for _, e := range inputs {
		if sku := counted(e); sku != "" {
			if err := t.holders(tx, set, sku); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// holders reads the orders that hold goods of a SKU. Their rows change only under its lock.
func (t *Stock) holders(tx *gorm.DB, into *states, sku string) error {
	found, err := t.reservations.Select(tx, "WHERE status = 'reserved' AND jsonb_contains(lines, $1::jsonb)", lineOf(sku))
	if err != nil {
		return err
	}
	for _, r := range found {
		if _, known := into.reservations[r.OrderID]; !known {
			into.set(r.OrderID, fromReservation(r))
		}
	}
	return nil
}

// lineOf is JSON that the lines of a SKU contain.
func lineOf(sku string) string {
	text, err := json.Marshal([]map[string]string{{"sku": sku}})
	if err != nil {
		panic(err) // text always has a JSON
	}
	return string(text)
}

// line reads the orders that wait for these SKUs. Their rows change only under the locks of the SKUs that they wait for.
func (t *Stock) line(tx *gorm.DB, into *states, skus []string) error {
	found, err := t.reservations.Select(tx, "WHERE status = 'backordered' AND waits && $1::text[]", skus)
	if err != nil {
		return err
	}
	for _, r := range found {
		if _, known := into.reservations[r.OrderID]; !known {
			into.set(r.OrderID, fromReservation(r))
		}
	}
	return nil
}

// Each reads all tables, reservations as "order <id>", shelves as "stock <sku> at <warehouse>" and receipts as "sku <sku>".
func (t *Stock) Each(db *gorm.DB, fn func(key string, state any) error) error {
	set := t.memory()
	reservations, err := t.reservations.Select(db, "")
	if err != nil {
		return err
	}
	for _, r := range reservations {
		set.set(r.OrderID, fromReservation(r))
	}
	skus, err := t.skus.Select(db, "")
	if err != nil {
		return err
	}
	for _, r := range skus {
		set.receipts[r.SKU] = r.Receipts
	}
	if err := t.read(db, set, ""); err != nil {
		return err
	}
	if err := t.balance(db, set); err != nil {
		return err
	}
	return set.Each(fn)
}

// Memory returns empty states in memory.
func (t *Stock) Memory() engine.States { return t.memory() }

// Tables lists the tables of reservations, of SKUs, of their levels and their movements.
func (t *Stock) Tables() []string {
	return []string{t.reservations.Name(), t.skus.Name(), t.levels.Name(), t.movements.Name()}
}

func (t *Stock) read(db *gorm.DB, into *states, where string, args ...any) error {
	rows, err := t.levels.Select(db, where, args...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		into.levels[r.SKU] = append(into.levels[r.SKU], inventory.Level(r))
	}
	for _, levels := range into.levels {
		levels.Sort()
	}
	return nil
}

func toReservation(order string, r inventory.Reservation) reservationRow {
	return reservationRow{OrderID: order, Status: string(r.Status), Lines: r.Lines, Since: since(r.Since), Returns: r.Returns,
		Sent: r.Sent, LeftOut: r.LeftOut, Lost: r.Lost, Count: r.Count, Backorder: r.Backorder, Waits: array(r.Waits(order))}
}

func fromReservation(r reservationRow) inventory.Reservation {
	kept := inventory.Reservation{Status: inventory.Status(r.Status), Lines: r.Lines, Returns: r.Returns,
		Sent: r.Sent, LeftOut: r.LeftOut, Lost: r.Lost, Count: r.Count, Backorder: r.Backorder}
	if r.Since != nil {
		kept.Since = r.Since.UTC()
	}
	return kept
}

// since is a time as its column has it.
func since(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// array is the text of an array of the SKUs.
func array(waits inventory.Waiting) string {
	skus := make([]string, len(waits))
	for i, w := range waits {
		skus[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w.SKU) + `"`
	}
	return "{" + strings.Join(skus, ",") + "}"
}
