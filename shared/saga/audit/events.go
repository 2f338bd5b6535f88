package audit

// The meanings of events. Each is about the event's key: an order, or a SKU where the comment says so.
type (
	Placed struct{} // a customer's order was accepted
	Begun  struct{} // the order was found valid, or refused
	Asked  struct{} // the payment gateway is asked, under the id of the event

	Labelled struct{} // a label is asked for, for one more parcel

	Dispatched struct { // a parcel was handed over
		Shipment string
		Lines    []Goods
	}
	CameBack struct { // a return has arrived
		Return string
		Lines  []Goods
		Worth  int64 // what the goods had cost, in minor units
	}
	Received struct { // of the SKU: goods that were bought have come in
		Warehouse string
		Quantity  int64
	}

	Stocked struct { // of the SKU: they are booked in
		Warehouse string
		Quantity  int64
	}
	Told struct{ Message string } // the customer was told, in the words of News

	Committed struct { // an order's goods are booked out
		Lines   []Goods
		Counted []Goods // and so many more, or fewer, are found there
	}
	Counted   struct{ Lines []Goods } // a stock-taking found so many more, or fewer
	Restocked struct {                // a return's are booked in
		Return string
		Lines  []Goods
	}
)
