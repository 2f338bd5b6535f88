package engine

import "time"

// StandingsTopic is where every engine says again and again how far it is, for whoever watches from outside. Its records
// are of StandingType, their key is the service.
const (
	StandingsTopic = "orderflow.standings"
	StandingType   = "orderflow.standing.v1"
)

// Standing is how far one process of a service has come, in the partitions it owns. It never claims more than is done.
type Standing struct {
	Service    string              `json:"service"`
	Process    string              `json:"process"` // the engine's id, another one after each start
	At         time.Time           `json:"at"`
	Every      float64             `json:"every_seconds"`     // silent for longer than three times this: the process is gone, or hangs
	Leaving    bool                `json:"leaving,omitempty"` // the last one of a process that stops in order
	Partitions []PartitionStanding `json:"partitions"`
}

// PartitionStanding is how far one partition is. Numbers are those that the events of a topic partition bear.
type PartitionStanding struct {
	Partition    int              `json:"partition"`
	Epoch        int64            `json:"epoch"`                   // of its ownership: of two owners the higher one is the present one
	Applied      map[string]int64 `json:"applied"`                 // by topic heard: up to here nothing is left to do but what is parked
	Committed    int64            `json:"committed"`               // the last number given to an own event
	Published    int64            `json:"published"`               // the last of them acknowledged by the broker
	NextDeadline *time.Time       `json:"next_deadline,omitempty"` // the earliest still to fire; nil: none
	Parked       []Parked         `json:"parked,omitempty"`        // at most 100: first those with a reason, oldest first
	ParkedCount  int              `json:"parked_count,omitempty"`
	Trying       []Trying         `json:"trying,omitempty"` // at most 100
	Moved        []Moved          `json:"moved,omitempty"`  // at most 100, the last moved first
}

// Trying is a question asked more than once and not answered yet.
type Trying struct {
	ID       string    `json:"id"` // of the own event that asks
	Key      string    `json:"key"`
	Question string    `json:"question"`
	Try      int       `json:"try"`             // under way, or waited for
	Error    string    `json:"error,omitempty"` // of the try before; empty where another process made it
	Since    time.Time `json:"since"`           // when it was decided to ask

	patient bool // it was told to ask again, which is no trouble
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
