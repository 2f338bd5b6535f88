// Package witness checks the data of a finished run of the platform: the raw topics, the services' tables, and the records
// of the simulated world. It knows the invariants that must hold when every order has ended, and names the violations.
//
// It shares no code with package audit nor with the engine's own accounting, so that the two can be compared: of the
// product it uses the Kafka client and the way to open a database. The failure campaign is its only user.
package witness

// Evidence is the data that is checked. Amounts are in minor units of one currency.
type Evidence struct {
	Partitions int
	Hears      map[string][]string // the topics that each service consumes
	Accepted   map[string]bool     // the orders answered 202; false for those that cannot end well
	Received   map[string]int64    // pieces of each SKU, by the requests that delivered them

	Records  []Record // ordered by topic, partition and offset
	Services map[string]*Tables

	Orders       map[string]Order // by the order service
	Shown        map[string]Shown // as customers see them
	Reservations map[string]Reservation
	Returns      map[string][]Return
	Stock        map[string]Level // of each SKU, over all warehouses

	Book      []Entry        // of the gateway
	Collected map[string]int // parcels of each order that the carrier collected
}

// Record is an event on a topic.
type Record struct {
	Topic     string
	Partition int
	Sequence  int64

	Source, ID, Type, Key string
	Data                  []byte
	Malformed             error
}

// Tables holds the engine's tables of one service.
type Tables struct {
	Counter    map[int]int64 // the last number given, by partition
	Pruned     map[int]int64 // the last number whose row may be pruned
	Outbox     []Row
	Watermarks map[Place]int64
	Parked     []Left
	Calls      []Left // without an answer
	Due        []Left // deadlines that are overdue
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

// Left is a parked input, open call or overdue deadline, and the reason.
type Left struct{ ID, Type, Key, Reason string }

// Order is an order and its status.
type Order struct{ Status, Reason string }

// Shown is the order as its customer sees it. Open means that it has not ended.
type Shown struct {
	Status string
	Open   bool
}

// Line is a quantity at a unit price.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice int64  `json:"unit_price"`
}

// Reservation is inventory's reservation for an order.
type Reservation struct {
	Status string
	Lines  []Line
}

// Return is a return of goods.
type Return struct {
	Status string `json:"status"`
	Lines  []Line `json:"lines"`
}

// Level is the stock level of a SKU.
type Level struct{ OnHand, Reserved int64 }

// Entry is a line of the gateway's book.
type Entry struct {
	Order   string `json:"order"`
	Kind    string `json:"kind"`
	Amount  int64  `json:"amount"`
	Attempt string `json:"attempt"`
	Code    string `json:"code"`
}

// Finding is one violation.
type Finding struct {
	Check string `json:"check"`
	ID    string `json:"id"` // of the order, the SKU, or the place on a topic
	Text  string `json:"text"`
}

// Verdict is the result of the checks.
type Verdict struct {
	Events   int       `json:"events"`
	Repeats  int       `json:"repeats"`  // records that lie on their topic once more; consumers drop them
	Late     int       `json:"late"`     // numbers that came after a higher one; consumers wait for them
	Findings []Finding `json:"findings"` // in the order of the checks
}
