package endtoend_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/services/platform/world/carrier"
	shipping "orderflow.example/services/shipping/app"
	"orderflow.example/shared/service"
)

var scans = flag.Int("scans", 400, "webhooks of carriers that are sent, shuffled and repeated")

// carried is an installation whose carriers are spoken for by the test.
type carried struct {
	*trial.Parts
	secret []byte
	taken  atomic.Int64
}

// all are the carrier's scans of a label, in order.
func (c *carried) all(t *testing.T, l carrier.Label) (all []told) {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Second)
	l.CreatedAt, l.CollectedAt, l.ArrivesAt = at, &at, &at
	for _, n := range l.Notices() {
		body, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, told{body, c.secret, c.Customers("shipping"), shipping.App.Webhooks.Path, &c.taken})
	}
	return all
}

// parcel is an order's parcel, and what becomes of it.
type parcel struct {
	*trial.Buyer
	lost, returned bool
}

func (p parcel) kind() string { return fmt.Sprintf("lost %t, returned %t", p.lost, p.returned) }

// scans are those of the parcel, once it is handed over.
func (c *carried) scans(t *testing.T, p parcel) []told {
	t.Helper()
	l := carrier.Label{Key: "parcel " + p.ID, OrderID: p.ID, Lost: p.lost}
	trial.Await(t, "the parcel of "+p.ID, func() (bool, string) {
		o := p.Order(t)
		if len(o.Shipments) == 1 {
			l.TrackingNumber = o.Shipments[0].TrackingNumber
		}
		return len(o.Shipments) == 1 && o.Shipments[0].State == "dispatched", fmt.Sprintf("%+v", o)
	})
	return c.all(t, l)
}

// back are the scans of the return of one piece, which is asked for; none if nothing is returned.
func (c *carried) back(t *testing.T, p parcel) []told {
	t.Helper()
	if !p.returned {
		return nil
	}
	p.Await(t, "completed")
	p.Return(t, trial.Line{SKU: "carried", Quantity: 1})
	l := carrier.Label{Key: "return " + p.ID, OrderID: p.ID, Kind: "return"}
	trial.Await(t, "the return of "+p.ID, func() (bool, string) {
		o := p.Order(t)
		if len(o.Returns) == 1 {
			l.TrackingNumber = o.Returns[0].TrackingNumber
		}
		return l.TrackingNumber != "", fmt.Sprintf("%+v", o)
	})
	return c.all(t, l)
}

// once are events that happen to a parcel once, if they do.
var once = []string{"shipping.delivered.v1", "shipping.lost.v1", "shipping.return_received.v1", "refund.issued.v1"}

// seen is what the customer sees of an order, and how often each thing happened to its parcel.
func (c *carried) seen(t *testing.T, p parcel) string {
	t.Helper()
	o := p.Order(t)
	happened := map[string]int{}
	saga := trial.Read[struct{ Events []struct{ Type string } }](t,
		c.Site.Operator("tracker").Must(t, 200, "GET", "/v1/sagas/"+p.ID, nil))
	for _, e := range saga.Events {
		if slices.Contains(once, e.Type) {
			happened[e.Type]++
		}
	}
	return fmt.Sprintf("%s, parcel %s, returns %d, %+v, %v", o.Status, o.Shipments[0].State, len(o.Returns), o.Payment, happened)
}

func (c *carried) buy(t *testing.T, n int) (all []parcel) {
	t.Helper()
	for i := range n {
		p := parcel{lost: i%5 == 2, returned: i%5 == 4}
		basket := trial.NewBasket(trial.Line{SKU: "carried", Quantity: 2})
		if p.lost {
			basket.ShipTo.Postcode = "LOST 1"
		}
		p.Buyer = c.Site.Buy(t, basket)
		all = append(all, p)
	}
	return all
}

// While no carrier can be asked where a parcel is, its webhooks alone tell it: in order to some orders, shuffled and repeated to
// all others. Afterwards the carriers are asked as well, and agree.
func TestScansInAnyOrderRepeatedAndBeforeTheAnswersLeadToTheSameAsInOrderAndOnce(t *testing.T) {
	t.Parallel()
	c := &carried{Parts: trial.StartParts(t, 100)}
	config := service.Config{JWTKeyFile: filepath.Join(t.TempDir(), "key")}
	err := os.WriteFile(config.JWTKeyFile, c.Site.Key, 0o600)
	if err == nil {
		c.secret, err = config.SharedSecret(shipping.App.Webhooks.Secret(config))
	}
	if err != nil {
		t.Fatal(err)
	}
	orders := max(*scans/8, 20) // of each are three or four scans, each sent twice on average, and of every fourth a return
	c.Site.Sell(t, "carried", price, int64(2*orders+40))
	luck := rand.New(rand.NewPCG(15, 10_000))
	c.Gate.Shut("/sim/carrier/v1/tracking")
	control, stormed := c.buy(t, 10), c.buy(t, orders)
	for _, scansOf := range []func(*testing.T, parcel) []told{c.scans, c.back} {
		for _, p := range control {
			for _, n := range scansOf(t, p) {
				n.send(t)
			}
		}
		var all []told
		for _, p := range stormed {
			all = append(all, scansOf(t, p)...)
		}
		sendAll(t, shuffled(luck, all))
	}
	t.Logf("%d orders, %d webhooks taken while no carrier could be asked", len(stormed), c.taken.Load())

	want := map[string]string{} // by the kind of parcel
	for _, p := range control {
		trial.Await(t, "the end of "+p.ID, func() (bool, string) {
			o, seen := p.Order(t), c.seen(t, p)
			want[p.kind()] = seen
			return (o.Payment.Refunded.Amount > 0) == (p.returned || p.lost) && trial.Final(o.Status), seen
		})
	}
	same := func(when string) {
		for _, p := range stormed {
			trial.Await(t, "the end of "+p.ID+when, func() (bool, string) {
				got := c.seen(t, p)
				return got == want[p.kind()], got + ", not " + want[p.kind()]
			})
		}
	}
	same(", of webhooks alone")
	c.Gate.Open()
	db := c.Database(t, "shipping").Gorm()
	trial.Await(t, "the carriers' answers to every question", func() (bool, string) {
		var open int
		err := db.Raw("SELECT count(*) FROM engine.call").Scan(&open).Error
		return err == nil && open == 0, fmt.Sprint(open, " are open ", err)
	})
	same(", once the carriers were asked")
	t.Log(want)
	parked := c.Site.Operator("shipping").Must(t, 200, "GET", "/v1/parked", nil)
	if len(trial.Read[struct{ Items []any }](t, parked).Items) > 0 {
		t.Errorf("parked: %s", parked.Body)
	}
}
