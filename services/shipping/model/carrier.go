package model

import (
	"slices"

	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Labels is the carrier's state of an order's labels.
type Labels struct {
	Parcel   Label
	Returns  []Label
	Notifies bool // beside its answers
}

// Label is the state of one label.
type Label struct {
	ID     string // of the return; empty for the parcel
	Bought bool
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
		if l := state.(Labels); l.Parcel.Moved && l.Parcel.Voided {
			return "the carrier has had a parcel whose label it was told to void"
		}
		return ""
	},
}

func act(l Labels, e saga.Event) []explore.Outcome {
	switch d := e.Data.(type) {
	case event.LabelRequestedV1:
		bought := l
		bought.Parcel.Bought = true
		return []explore.Outcome{
			{Does: "sells a label", State: bought, Answer: shipping.LabelAnswer{Carrier: "carrier", TrackingNumber: tracking + e.ID}},
			{Does: "refuses the parcel", State: l, Answer: shipping.LabelAnswer{Refused: "no_carrier"}},
		}
	case event.DispatchedV1:
		if l.Parcel.Voided || !l.Parcel.Bought {
			return nil // the adapter asks where the parcel is
		}
		moved := l
		moved.Parcel.Moved = true
		return []explore.Outcome{
			{Does: "delivers", State: moved, Answer: shipping.DeliverAnswer{}},
			{Does: "loses the parcel", State: moved, Answer: shipping.DeliverAnswer{Lost: true}},
		}
	case event.LabelVoidRequestedV1:
		return l.void(d.ShipmentID)
	case event.ReturnLabelRequestedV1:
		return []explore.Outcome{
			{Does: "sells a return label", State: l.with(Label{ID: d.ReturnID, Bought: true}),
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
	r := l.about(id)
	switch {
	case r == nil && l.Parcel.Moved, r != nil && r.Moved:
		return []explore.Outcome{used}
	case r == nil:
		l.Parcel.Voided = true
		back.State = l
		return []explore.Outcome{back}
	}
	voided, posted := *r, *r
	voided.Voided, posted.Moved = true, true
	back.State, used.State = l.with(voided), l.with(posted)
	return []explore.Outcome{back, used}
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
	for i := range l.Returns {
		if l.Returns[i].ID == id {
			return &l.Returns[i]
		}
	}
	return nil
}

// with is a copy in which one return's label is new, or changed.
func (l Labels) with(r Label) Labels {
	l.Returns = slices.Clone(l.Returns)
	if old := l.about(r.ID); old != nil {
		*old = r
	} else {
		l.Returns = append(l.Returns, r)
		slices.SortFunc(l.Returns, func(a, b Label) int {
			if a.ID < b.ID {
				return -1
			}
			return 1
		})
	}
	return l
}
