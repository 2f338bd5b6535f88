package shipping

import (
	"time"

	"orderflow.example/shared/saga"
)

// Scan is what a carrier notifies of by a webhook. Scans may come late, more than once, in any order, and before the answer of
// the call that bought the label.
type Scan struct {
	ID             string // the carrier's id of the notification
	State          ScanState
	Order          string // that the label was bought for
	TrackingNumber string
	At             time.Time // by the carrier's clock
}

// ScanState is where a parcel is by a scan.
type ScanState string

const (
	ScanLabelled  ScanState = "label_created"
	ScanInTransit ScanState = "in_transit"
	ScanOut       ScanState = "out_for_delivery"
	ScanDelivered ScanState = "delivered" // of a return: back at our dock
	ScanLost      ScanState = "lost"
	ScanVoided    ScanState = "voided"
)

// RecordScan is the command by which a scan enters the log of shipping events.
var RecordScan = saga.Command[Scan]("record_scan")

// record decides on a scan as on the answer of the carrier who is asked where the parcel is: whichever comes first counts.
func record(s Shipment, n Scan) []saga.Event {
	if Ignored(s, n) != "" {
		return nil
	}
	if r := s.returnBy(n.TrackingNumber); r != nil {
		return returnAnswered(s, ReturnAnswer{ReturnID: r.ID, Back: n.State == ScanDelivered})
	}
	return deliverAnswered(s, DeliverAnswer{ShipmentID: s.parcelBy(n.TrackingNumber).ID, Lost: n.State == ScanLost})
}

// Why a scan changes nothing.
const (
	IgnoredUnknownType   = "unknown_type"   // the carrier's word for it is not known
	IgnoredUnknownParcel = "unknown_parcel" // it is about no parcel or return of the order, if there is one, as far as is known
	IgnoredNoted         = "noted"          // the parcel is on its way
	IgnoredEarly         = "early"          // the parcel was not handed over, or its return not authorised
	IgnoredSettled       = "settled"        // it was delivered, lost or given up before
)

// Ignored is why the scan changes nothing in this state; "" where it does.
func Ignored(s Shipment, n Scan) string {
	switch n.State {
	case ScanLabelled, ScanInTransit, ScanOut, ScanDelivered, ScanLost, ScanVoided:
	default:
		return IgnoredUnknownType
	}
	r, p := s.returnBy(n.TrackingNumber), s.parcelBy(n.TrackingNumber)
	switch {
	case r == nil && p == nil:
		return IgnoredUnknownParcel
	case n.State != ScanDelivered && n.State != ScanLost:
		return IgnoredNoted
	case r != nil && r.Status == ReturnAuthorized || r == nil && p.Status == Dispatched:
		return ""
	case r == nil && !p.HandedOver() && p.Status != Withdrawn:
		return IgnoredEarly
	}
	return IgnoredSettled
}

// returnBy is the return with this tracking number, nil if there is none.
func (s Shipment) returnBy(number string) *Return {
	for i := range s.Returns {
		if number != "" && s.Returns[i].TrackingNumber == number {
			return &s.Returns[i]
		}
	}
	return nil
}

// parcelBy is the parcel with this tracking number, nil if there is none.
func (s Shipment) parcelBy(number string) *Parcel {
	for i := range s.Parcels {
		if number != "" && s.Parcels[i].TrackingNumber == number {
			return &s.Parcels[i]
		}
	}
	return nil
}
