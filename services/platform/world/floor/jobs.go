package floor

import (
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// Pick is one pick list. Its state follows from these times and the clock.
type Pick struct {
	ShipmentID  string `gorm:"primaryKey"`
	OrderID     string // empty if only the cancellation came
	Lines       []Line `gorm:"serializer:json;not null"`
	Missing     []Line `gorm:"serializer:json;not null"`
	Partial     bool
	BegunAt     time.Time
	ReadyAt     time.Time
	CancelledAt *time.Time
}

// TableName names the table for gorm.
func (Pick) TableName() string { return "floor_picks" }

// Purchase is goods ordered from the supplier.
type Purchase struct {
	ID        string `gorm:"primaryKey"`
	SKU       string `gorm:"column:sku"`
	Warehouse string
	Quantity  int64
	OrderedAt time.Time
	ArrivesAt time.Time
}

// TableName names the table for gorm.
func (Purchase) TableName() string { return "floor_purchases" }

// jobs are all picks and purchases; see journal.State.
type jobs struct {
	picks     map[string]*Pick
	purchases map[string]*Purchase

	changedPicks map[*Pick]bool
	newPurchases []Purchase
}

var (
	pickTable     = database.NewTable[Pick]()
	purchaseTable = database.NewTable[Purchase]()
)

const page = 20000

// Load reads the jobs.
func (j *jobs) Load(tx *gorm.DB) error {
	*j = jobs{picks: map[string]*Pick{}, purchases: map[string]*Purchase{}, changedPicks: map[*Pick]bool{}}
	for last, more := "", true; more; {
		rows, err := pickTable.Select(tx, "WHERE shipment_id > $1 ORDER BY shipment_id LIMIT $2", last, page)
		if err != nil {
			return err
		}
		for i := range rows {
			j.picks[rows[i].ShipmentID] = &rows[i]
			last = rows[i].ShipmentID
		}
		more = len(rows) == page
	}
	for last, more := "", true; more; {
		rows, err := purchaseTable.Select(tx, "WHERE id > $1 ORDER BY id LIMIT $2", last, page)
		if err != nil {
			return err
		}
		for i := range rows {
			j.purchases[rows[i].ID] = &rows[i]
			last = rows[i].ID
		}
		more = len(rows) == page
	}
	return nil
}

// Save writes the new and changed ones.
func (j *jobs) Save(tx *gorm.DB) error {
	picks := make([]Pick, 0, len(j.changedPicks))
	for p := range j.changedPicks {
		picks = append(picks, *p)
	}
	purchases := j.newPurchases
	clear(j.changedPicks)
	j.newPurchases = nil
	if err := pickTable.Upsert(tx, picks); err != nil {
		return err
	}
	return purchaseTable.Insert(tx, purchases)
}

// Changed reports whether Save has anything to write.
func (j *jobs) Changed() bool { return len(j.changedPicks)+len(j.newPurchases) > 0 }

func (j *jobs) addPick(p *Pick) {
	j.picks[p.ShipmentID] = p
	j.changedPicks[p] = true
}

func (j *jobs) addPurchase(p *Purchase) {
	j.purchases[p.ID] = p
	j.newPurchases = append(j.newPurchases, *p)
}
