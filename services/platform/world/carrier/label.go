package carrier

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// The states in a parcel's tracking. For a return, delivered means back at our dock.
const (
	LabelCreated = "label_created"
	InTransit    = "in_transit"
	Delivered    = "delivered"
	Lost         = "lost"
	Voided       = "voided"
)

// Label is one requested label. Its parcel's state follows from these times and the clock.
type Label struct {
	Key            string `gorm:"primaryKey"`
	Fingerprint    string
	Serial         int64
	OrderID        string
	Kind           string
	Country        string
	Pieces         int64
	Carrier        string // empty if none takes the parcel
	TrackingNumber string
	Lost           bool
	CreatedAt      time.Time
	VoidedAt       *time.Time
	CollectedAt    *time.Time // of a return it is known in advance: when the customer will post it
	ArrivesAt      *time.Time
}

// TableName names the table for gorm.
func (Label) TableName() string { return "carrier_labels" }

func (l *Label) collected(now time.Time) bool {
	return l.CollectedAt != nil && !now.Before(*l.CollectedAt)
}

func (l *Label) state(now time.Time) string {
	switch {
	case l.VoidedAt != nil:
		return Voided
	case !l.collected(now):
		return LabelCreated
	case now.Before(*l.ArrivesAt):
		return InTransit
	case l.Lost:
		return Lost
	}
	return Delivered
}

// Scan is one entry of a parcel's tracking.
type Scan struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

func (l *Label) scans(now time.Time) []Scan {
	scans := []Scan{{l.CreatedAt, "Label created"}}
	state := l.state(now)
	if state == Voided {
		return append(scans, Scan{*l.VoidedAt, "Label cancelled by the sender"})
	}
	if state == LabelCreated {
		return scans
	}
	scans = append(scans, Scan{*l.CollectedAt, "Collected by " + l.Carrier})
	switch half := l.CollectedAt.Add(l.ArrivesAt.Sub(*l.CollectedAt) / 2); {
	case now.Before(half):
		return scans
	case l.Lost:
		if state == Lost {
			scans = append(scans, Scan{*l.ArrivesAt, "Declared lost"})
		}
		return scans
	default:
		scans = append(scans, Scan{half, "Out for delivery"})
	}
	if state == Delivered {
		scans = append(scans, Scan{*l.ArrivesAt, "Delivered"})
	}
	return scans
}

// number is the tracking number of the serial, in the form of UPU S10: two letters, eight digits that do not follow one
// another, a check digit and the country.
func number(prefix string, serial int64) string {
	digits := fmt.Sprintf("%08d", serial*48271%100_000_000)
	sum := 0
	for i, weight := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += weight * int(digits[i]-'0')
	}
	check := 11 - sum%11
	switch check {
	case 10:
		check = 0
	case 11:
		check = 5
	}
	return fmt.Sprintf("%s%s%dGB", prefix, digits, check)
}

// labels are all labels; see journal.State.
type labels struct {
	byKey    map[string]*Label
	byNumber map[string]*Label
	serial   int64
	changed  map[*Label]bool
}

var table = database.NewTable[Label]()

const page = 20000

// Load reads the labels.
func (s *labels) Load(tx *gorm.DB) error {
	*s = labels{byKey: map[string]*Label{}, byNumber: map[string]*Label{}, changed: map[*Label]bool{}}
	for last := ""; ; {
		rows, err := table.Select(tx, "WHERE key > $1 ORDER BY key LIMIT $2", last, page)
		if err != nil {
			return err
		}
		for i := range rows {
			s.add(&rows[i])
			last = rows[i].Key
		}
		if len(rows) < page {
			return nil
		}
	}
}

// Save writes the labels that are new or changed.
func (s *labels) Save(tx *gorm.DB) error {
	rows := make([]Label, 0, len(s.changed))
	for l := range s.changed {
		rows = append(rows, *l)
	}
	clear(s.changed)
	return table.Upsert(tx, rows)
}

// Changed reports whether Save has anything to write.
func (s *labels) Changed() bool { return len(s.changed) > 0 }

func (s *labels) add(l *Label) {
	s.byKey[l.Key] = l
	if l.TrackingNumber != "" {
		s.byNumber[l.TrackingNumber] = l
	}
	s.serial = max(s.serial, l.Serial)
}
