package model

import (
	"slices"
	"strings"

	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Labels is the carrier's state of an order's labels.
type Labels struct {
	Sold     []Label // by id
	Notifies bool    // beside its answers
}

// Label is the state of one label.
type Label struct {
	ID     string // of the shipment, or of the return
	Return bool
	Voided bool
	Moved  bool // the carrier has had the goods
}

const tracking = "tr " // and the id of the request: a label's tracking number

var carrier = explore.Outside{
	Name: "the carrier",
	Asked: []string{shipping.BuyLabel.Name(), shipping.Deliver.Name(), shipping.VoidLabel.Name(), shipping.BuyReturnLabel.Name(),
		shipping.AwaitReturn.Name()},
	Start: Labels{},
	Tells: []saga.Kind{shipping.RecordScan},
	Before: func(state any) []explore.Before {
		if state.(Labels).Notifies {
			return nil
		}
		return []explore.Before{{Says: shipping.RecordScan}}
	},
	Act: func(state any, _ string, e saga.Event) []explore.Outcome {
		list := act(state.(Labels), e)
		for i, out := range list {
			if state.(Labels).Notifies {
				list[i].Tells = scanned(e, out)
			}
		}
		return list
	},
	Check: func(state any) string {
		if slices.ContainsFunc(state.(Labels).Sold, func(l Label) bool { return l.Moved && l.Voided }) {
			return "the carrier has had a parcel whose label it was told to void"
		}
		return ""
	},
}

func act(l Labels, e saga.Event) []explore.Outcome {
	switch d := e.Data.(type) {
	case event.LabelRequestedV1:
		return []explore.Outcome{
			{Does: "sells a label", State: l.with(Label{ID: e.ID}),
				Answer: shipping.LabelAnswer{ShipmentID: e.ID, Carrier: "carrier", TrackingNumber: tracking + e.ID}},
			{Does: "refuses the parcel", State: l, Answer: shipping.LabelAnswer{ShipmentID: e.ID, Refused: "no_carrier"}},
		}
	case event.DispatchedV1:
		sold := l.about(d.ShipmentID)
		if sold == nil || sold.Voided {
			return nil // the adapter asks where the parcel is
		}
		moved := l.with(Label{ID: sold.ID, Moved: true})
		return []explore.Outcome{
			{Does: "delivers", State: moved, Answer: shipping.DeliverAnswer{ShipmentID: sold.ID}},
			{Does: "loses the parcel", State: moved, Answer: shipping.DeliverAnswer{ShipmentID: sold.ID, Lost: true}},
		}
	case event.LabelVoidRequestedV1:
		return l.void(d.ShipmentID)
	case event.ReturnLabelRequestedV1:
		return []explore.Outcome{
			{Does: "sells a return label", State: l.with(Label{ID: d.ReturnID, Return: true}),
				Answer: shipping.ReturnLabelAnswer{ReturnID: d.ReturnID, Carrier: "carrier", TrackingNumber: tracking + e.ID}},
			{Does: "refuses the return", State: l, Answer: shipping.ReturnLabelAnswer{ReturnID: d.ReturnID, Refused: "no_carrier"}},
		}
	case event.ReturnAuthorizedV1:
		return l.takeBack(d.ReturnID)
	}
	return nil
}

// scanned is the scan of what an answer tells of.
func scanned(asked saga.Event, out explore.Outcome) []saga.Event {
	n := shipping.Scan{State: shipping.ScanDelivered, Order: model.Order}
	switch d := asked.Data.(type) {
	case event.DispatchedV1:
		n.TrackingNumber = d.TrackingNumber
		if out.Answer.(shipping.DeliverAnswer).Lost {
			n.State = shipping.ScanLost
		}
	case event.ReturnAuthorizedV1:
		n.TrackingNumber = d.TrackingNumber
		if !out.Answer.(shipping.ReturnAnswer).Back {
			n.State = shipping.ScanLost
		}
	default:
		return nil
	}
	return []saga.Event{shipping.RecordScan.Of(n)}
}

// void voids a label, unless its goods were posted; a customer may have posted them unseen.
func (l Labels) void(id string) []explore.Outcome {
	back := explore.Outcome{Does: "takes the label back", State: l, Answer: shipping.VoidAnswer{ShipmentID: id}}
	used := explore.Outcome{Does: "says that the label is used", State: l, Answer: shipping.VoidAnswer{ShipmentID: id, Used: true}}
	sold := l.about(id)
	if sold == nil {
		return nil // it was not sold
	}
	voided, posted := *sold, *sold
	voided.Voided, posted.Moved = true, true
	back.State, used.State = l.with(voided), l.with(posted)
	switch {
	case sold.Moved:
		return []explore.Outcome{used}
	case sold.Return:
		return []explore.Outcome{back, used}
	}
	return []explore.Outcome{back}
}

func (l Labels) takeBack(id string) []explore.Outcome {
	r := l.about(id)
	nothing := explore.Outcome{Does: "brings nothing back", State: l, Answer: shipping.ReturnAnswer{ReturnID: id}}
	if r == nil || r.Voided {
		return []explore.Outcome{nothing}
	}
	moved := *r
	moved.Moved = true
	nothing.Does, nothing.State = "loses the goods on their way back", l.with(moved)
	return []explore.Outcome{
		{Does: "brings the goods back", State: l.with(moved), Answer: shipping.ReturnAnswer{ReturnID: id, Back: true}},
		nothing,
	}
}

func (l Labels) about(id string) *Label {
	for i := range l.Sold {
		if l.Sold[i].ID == id {
			return &l.Sold[i]
		}
	}
	return nil
}

// with is a copy in which one label is new, or changed.
func (l Labels) with(one Label) Labels {
	l.Sold = append(slices.DeleteFunc(slices.Clone(l.Sold), func(old Label) bool { return old.ID == one.ID }), one)
	slices.SortFunc(l.Sold, func(a, b Label) int { return strings.Compare(a.ID, b.ID) })
	return l
}
