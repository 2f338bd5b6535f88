package shipping_test

import (
	"strings"
	"testing"

	"orderflow.example/services/shipping"
)

func TestASenderIsReadWholeOrEveryFaultIsNamed(t *testing.T) {
	t.Parallel()
	if a := shipping.StandardSender(); a.Name == "" || a.Country != "GB" {
		t.Errorf("%+v", a)
	}
	for text, faults := range map[string][]string{
		`{`:            {"sender.json"},
		`{"street":1}`: {"unknown field"},
		`{"name":"A","line1":" ","city":"C","country":"XX"}`: {"line1 is missing", "postcode is missing", `"XX" is no country`},
	} {
		a, err := shipping.ReadSender(strings.NewReader(text), "sender.json")
		for _, want := range faults {
			if err == nil || !strings.Contains(err.Error(), want) || a.Name != "" {
				t.Errorf("%s: %v, want %s", text, err, want)
			}
		}
	}
}

func TestALabelIsPrintedOnlyWhileItMayBeUsed(t *testing.T) {
	t.Parallel()
	s := shipping.Shipment{Order: "o", ShipTo: home, Parcels: []shipping.Parcel{
		{ID: "s", Label: shipping.LabelBought, TrackingNumber: "T1", Lines: lines}}}
	from := shipping.StandardSender()
	if p := s.Print("s", from); p == nil || p.Pieces != 6 || p.To != home || p.From != from || p.Return {
		t.Errorf("%+v", p)
	}
	for _, state := range []shipping.Label{shipping.NoLabel, shipping.LabelAsked, shipping.LabelRevoked, shipping.LabelVoided} {
		if s.Parcels[0].Label = state; s.Print("s", from) != nil {
			t.Errorf("printed though %s", state)
		}
	}
	other := shipping.Shipment{Parcels: []shipping.Parcel{{Label: shipping.LabelBought}}}
	if other.Print("s", from) != nil || s.Print("", from) != nil {
		t.Error("another one's label is printed")
	}
	for state, want := range map[shipping.ReturnStatus]bool{shipping.ReturnAsked: false, shipping.ReturnAuthorized: true,
		shipping.ReturnReceived: true, shipping.ReturnRefused: false, shipping.ReturnRevoked: false} {
		s.Returns = []shipping.Return{{ID: "r", Status: state, TrackingNumber: "T2", Lines: lines[:1]}}
		p := s.Print("r", from)
		if (p != nil) != want {
			t.Errorf("a return that is %s: %+v", state, p)
		}
		if p != nil && (!p.Return || p.To != from || p.From != home || p.Pieces != 2) {
			t.Errorf("%+v", p)
		}
	}
}
