package schemas

import "time"

// The limits of an order, in the API and in the services behind it. The tags of APIs repeat these, since tags cannot name
// constants; tests compare them.
const (
	MaxLines    = 200
	MaxQuantity = 1_000_000
	MaxTotal    = 100_000_000 // minor units: 1,000,000.00 where a unit has a hundred
	MaxSKU      = 64          // characters

	MaxBackorder = 30 * 24 * time.Hour // that an order waits for goods
)
