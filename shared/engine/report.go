package engine

import "time"

// ReportsTopic carries the progress reports of all engines, for the tracker and other observers. Its records are of ReportType,
// their key is the service.
const (
	ReportsTopic = "orderflow.progress"
	ReportType   = "orderflow.progress_reported.v1"
)

// Report is the progress of one process of a service, in the partitions it owns. It never claims more than is committed.
type Report struct {
	Service    string              `json:"service"`
	Process    string              `json:"process"` // the engine's id, another one after each start
	At         time.Time           `json:"at"`
	Every      float64             `json:"every_seconds"`     // after three of them in silence the process is gone, or hangs
	Leaving    bool                `json:"leaving,omitempty"` // the last one of a process that stops in order
	Partitions []PartitionProgress `json:"partitions"`
}

// PartitionProgress is the progress of one partition. Numbers are the sequence numbers of events.
type PartitionProgress struct {
	Partition    int              `json:"partition"`
	Epoch        int64            `json:"epoch"`                   // of its ownership: the highest is the present owner's
	Applied      map[string]int64 `json:"applied"`                 // by topic consumed: processed or parked up to here
	Committed    int64            `json:"committed"`               // the last number given to an own event
	Published    int64            `json:"published"`               // the last of them acknowledged by the broker
	NextDeadline *time.Time       `json:"next_deadline,omitempty"` // the earliest still to fire; nil: none
	Stopped      *Stopped         `json:"stopped,omitempty"`       // nil: it works
	Parked       []Parked         `json:"parked,omitempty"`        // at most 100: first those with a reason, oldest first
	ParkedCount  int              `json:"parked_count,omitempty"`
	Retries      []Retry          `json:"retries,omitempty"` // at most 100
	Moved        []Moved          `json:"moved,omitempty"`   // at most 100, the last moved first
}

// Stopped is a partition that its owner cannot process for now, because of a fault of the installation.
type Stopped struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

// Retry is a call that was tried more than once and is not answered.
type Retry struct {
	ID       string    `json:"id"` // of the own event that asks
	Key      string    `json:"key"`
	Question string    `json:"question"`
	Try      int       `json:"try"`             // under way, or waited for
	Error    string    `json:"error,omitempty"` // of the try before; empty where that was told to ask again, or is not known
	Since    time.Time `json:"since"`           // when it was decided to ask
}

// Moved is an open deadline that an operator moved or cancelled.
type Moved struct {
	ID    string     `json:"id"` // of the own event it runs from
	Key   string     `json:"key"`
	Since string     `json:"since"`            // the type of that event
	DueAt *time.Time `json:"due_at,omitempty"` // nil: taken off
	By    string     `json:"by"`
	At    time.Time  `json:"at"`
}
