package endtoend_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// An order of three products, each in a warehouse of its own: one parcel is delivered, one is lost, and one is cancelled before
// it leaves. Money, goods, documents and messages are right to the penny.
func TestOfThreeParcelsOneIsDeliveredOneLostAndOneCancelledInTime(t *testing.T) {
	t.Parallel()
	parts := trial.StartParts(t, 20)
	site := parts.Site
	prices := []int64{1_000, 2_000, 4_000}
	warehouses := []string{"east", "north", "west"}
	var lines []trial.Line
	for i, at := range warehouses {
		sku := "apart-" + at
		site.SellAt(t, sku, prices[i], 5, at)
		lines = append(lines, trial.Line{SKU: sku, Quantity: int64(i) + 1})
	}
	worth := func(i int) int64 { return prices[i] * lines[i].Quantity }

	basket := trial.NewBasket(lines...)
	basket.ShipTo.Postcode = "LOST PARCEL 2"
	parts.Gate.Shut("/sim/floor/v1/picks") // nothing is packed yet
	b := site.Buy(t, basket)
	var shipments []string
	trial.Await(t, "three labels", func() (bool, string) {
		o := b.Order(t)
		shipments = nil
		for _, s := range o.Shipments {
			shipments = append(shipments, s.ID)
		}
		return len(o.Shipments) == 3 && o.Shipments[2].TrackingNumber != "", fmt.Sprintf("%+v", o)
	})
	parts.Gate.Shut("/sim/floor/v1/picks/" + shipments[2])
	trial.Await(t, "two parcels to leave", func() (bool, string) {
		o, gone := b.Order(t), 0
		for _, s := range o.Shipments {
			if s.State != "prepared" {
				gone++
			}
		}
		return gone == 2, fmt.Sprintf("%+v", o)
	})
	b.Cancel(t)
	o := b.Await(t, "completed")
	parts.Gate.Open()
	if want := worth(0) + worth(1); o.Total.Amount != want { // what was sent; the lost part of it is given back
		t.Errorf("the order is over %d, want %d", o.Total.Amount, want)
	}
	trial.Await(t, "all money back but for what was delivered", func() (bool, string) {
		book := site.BookOf(t, b.ID, 2)
		return book == trial.Ledger{Authorized: worth(0) + worth(1) + worth(2), Captured: worth(0) + worth(1), Voided: worth(2),
			Refunded: worth(1)}, fmt.Sprintf("%+v", book)
	})
	for i, left := range []int64{4, 3, 5} {
		trial.Await(t, "the stock of "+warehouses[i], func() (bool, string) {
			s := site.Stock(t, lines[i].SKU)
			return s == trial.Free(left), fmt.Sprintf("%+v", s)
		})
	}
	states := []string{}
	for _, s := range b.Order(t).Shipments {
		states = append(states, s.State)
	}
	if got := strings.Join(states, " "); got != "delivered lost withdrawn" {
		t.Errorf("shipments are %s", got)
	}
	type document struct {
		Amount      struct{ Amount int64 }
		ShipmentID  string                                    `json:"shipment_id"`
		CreditNotes []struct{ Amount struct{ Amount int64 } } `json:"credit_notes"`
	}
	customer := site.Customer(b.Name)
	customer.URL = parts.Customers("invoice")
	trial.Await(t, "an invoice for each parcel that was paid for, and a credit note for the lost one", func() (bool, string) {
		a := customer.Must(t, 200, "GET", "/v1/orders/"+b.ID+"/invoices", nil)
		got := map[string][]int64{}
		for _, d := range trial.Read[struct{ Items []document }](t, a).Items {
			got[d.ShipmentID] = []int64{d.Amount.Amount}
			for _, n := range d.CreditNotes {
				got[d.ShipmentID] = append(got[d.ShipmentID], n.Amount.Amount)
			}
		}
		want := map[string][]int64{shipments[0]: {worth(0)}, shipments[1]: {worth(1), worth(1)}}
		return reflect.DeepEqual(got, want), a.Body
	})
	checkLedger(t, site)
}
