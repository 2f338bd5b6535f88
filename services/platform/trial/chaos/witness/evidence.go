// Package witness judges what a run of the platform has left: the raw topics, the services' tables, and what the world
// outside wrote down. It knows what must be true of them when every order has come to its end, and names what is not.
//
// It shares nothing with package verify nor with the engine's own accounting, so that the two can be held against each
// other: of the product it uses the Kafka client and the way to open a database. The failure campaign is its only user.
package witness

// Evidence is all that is judged. Amounts are in minor units of one currency.
type Evidence struct {
	Partitions int
	Hears      map[string][]string // the topics that each service consumes
	Accepted   map[string]bool     // the orders answered 202; false for those that cannot end well
	Received   map[string]int64    // pieces of each SKU, as those say who brought them

	Records  []Record // as they lie on the topics: by topic, partition and offset
	Services map[string]*Tables

	Orders       map[string]Order // as the order service has them
	Shown        map[string]Shown // as customers see them
	Reservations map[string]Reservation
	Returns      map[string][]Return
	Stock        map[string]Level // of each SKU, over all warehouses

	Book      []Entry        // of the gateway
	Collected map[string]int // parcels of each order that the carrier took with it
}

// Record is an event as it lies on a topic.
type Record struct {
	Topic     string
	Partition int
	Sequence  int64

	Source, ID, Type, Key string
	Data                  []byte
	Malformed             error
}

// Tables is what the engine of one service keeps.
type Tables struct {
	Counter    map[int]int64 // the last number given, by partition
	Pruned     map[int]int64 // the last number whose row may be gone
	Outbox     []Row
	Watermarks map[Place]int64
	Parked     []Left
	Calls      []Left // questions that are not answered
	Due        []Left // deadlines that are past
}

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int
}

// Row is an event in a service's outbox.
type Row struct {
	Partition     int
	Sequence      int64
	ID, Type, Key string
	Data          []byte
}

// Left is something that still waits, and why.
type Left struct{ ID, Type, Key, Reason string }

// Order is an order and where it stands.
type Order struct{ Status, Reason string }

// Shown is what the customer sees of an order. Open tells that something is still to come.
type Shown struct {
	Status string
	Open   bool
}

// Line is so many pieces at a price each.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice int64  `json:"unit_price"`
}

// Reservation is what inventory keeps for an order.
type Reservation struct {
	Status string
	Lines  []Line
}

// Return is goods on their way back.
type Return struct {
	Status string `json:"status"`
	Lines  []Line `json:"lines"`
}

// Level is what is there of a SKU.
type Level struct{ OnHand, Reserved int64 }

// Entry is a line of the gateway's book.
type Entry struct {
	Order   string `json:"order"`
	Kind    string `json:"kind"`
	Amount  int64  `json:"amount"`
	Attempt string `json:"attempt"`
	Code    string `json:"code"`
}

// Finding is something that must not be.
type Finding struct {
	Check string `json:"check"`
	ID    string `json:"id"` // of the order, the SKU, or the place on a topic
	Text  string `json:"text"`
}

// Verdict is what the evidence shows.
type Verdict struct {
	Events   int       `json:"events"`
	Repeats  int       `json:"repeats"`  // records that lie on their topic once more; consumers drop them
	Late     int       `json:"late"`     // numbers that came after a higher one; consumers wait for them
	Findings []Finding `json:"findings"` // in the order of the checks
}
