package engine

import "time"

// ReportsTopic is where every engine reports again and again how far it is, for whoever watches from outside. Its records are
// of ReportType, their key is the service.
const (
	ReportsTopic = "orderflow.progress"
	ReportType   = "orderflow.progress_reported.v1"
)

// Report is how far one process of a service has come, in the partitions it owns. It never claims more than is done.
type Report struct {
	Service    string              `json:"service"`
	Process    string              `json:"process"` // the engine's id, another one after each start
	At         time.Time           `json:"at"`
	Every      float64             `json:"every_seconds"`     // silent for longer than three times this: the process is gone, or hangs
	Leaving    bool                `json:"leaving,omitempty"` // the last one of a process that stops in order
	Partitions []PartitionProgress `json:"partitions"`
}

// PartitionProgress is how far one partition is. Numbers are those that the events of a topic partition bear.
type PartitionProgress struct {
	Partition    int              `json:"partition"`
	Epoch        int64            `json:"epoch"`                   // of its ownership: of two owners the higher one is the present one
	Applied      map[string]int64 `json:"applied"`                 // by topic heard: up to here nothing is left to do but what is parked
	Committed    int64            `json:"committed"`               // the last number given to an own event
	Published    int64            `json:"published"`               // the last of them acknowledged by the broker
	NextDeadline *time.Time       `json:"next_deadline,omitempty"` // the earliest still to fire; nil: none
	Stopped      *Stopped         `json:"stopped,omitempty"`       // nil: it works
	Parked       []Parked         `json:"parked,omitempty"`        // at most 100: first those with a reason, oldest first
	ParkedCount  int              `json:"parked_count,omitempty"`
	Retries      []Retry          `json:"retries,omitempty"` // at most 100
	Moved        []Moved          `json:"moved,omitempty"`   // at most 100, the last moved first
}

// Stopped is a partition that its owner cannot work on for now, because something of the installation is at fault.
type Stopped struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

// Retry is a question asked more than once and not answered yet.
type Retry struct {
	ID       string    `json:"id"` // of the own event that asks
	Key      string    `json:"key"`
	Question string    `json:"question"`
	Try      int       `json:"try"`             // under way, or waited for
	Error    string    `json:"error,omitempty"` // of the try before; empty where that was told to ask again, or is not known
	Since    time.Time `json:"since"`           // when it was decided to ask
}

// Moved is an open deadline that an operator moved or took off.
type Moved struct {
	ID    string     `json:"id"` // of the own event it runs from
	Key   string     `json:"key"`
	Since string     `json:"since"`            // the type of that event
	DueAt *time.Time `json:"due_at,omitempty"` // nil: taken off
	By    string     `json:"by"`
	At    time.Time  `json:"at"`
}
