package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/saga"
)

// deciding is a till that grants what the service's machine grants.
type deciding struct{ till }

func (d deciding) Grant(_ context.Context, order string, g refund.Grant) (refund.Refund, error) {
	e := refund.GrantRefund.Of(g)
	e.Key = order
	step, err := refund.Choreography.Machine().Hear(d.till[order], e, func(*saga.Event) {})
	if err == nil {
		d.till[order] = step.State.(refund.Refund)
	}
	return d.till[order], err
}

// apart is an order of which 6.00 were captured for one parcel and 4.00 for another.
func apart() refund.Refund {
	r := refund.Blank("a")
	for shipment, lines := range map[string][]schemas.Allocation{
		"s1": {{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LEEDS"}},
		"s2": {{SKU: "B", Quantity: 4, UnitPrice: 100, Warehouse: "YORK"}},
	} {
		amount := schemas.Money{Amount: schemas.Worth(lines), Currency: "GBP"}
		r = refund.Evolve(r, event.Readied.Of(event.ReadiedV1{By: "captured", Reference: "auth_1", Captured: &amount, Lines: lines,
			ShipmentID: shipment}))
	}
	return r
}

func TestOfSeveralParcelsARefundIsGrantedOutOfOneWhichIsNamedOrTheFirstThatItFits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"named":            {`{"shipment_id":"s2","goodwill":400,"reason":"late"}`, 202, `"shipment_id":"s2"`},
		"the first":        {`{"goodwill":400,"reason":"late"}`, 202, `"shipment_id":"s1"`},
		"by its goods":     {`{"lines":[{"sku":"B","quantity":1}],"reason":"broken"}`, 202, `"shipment_id":"s2"`},
		"goods of another": {`{"shipment_id":"s1","lines":[{"sku":"B","quantity":1}],"reason":"x"}`, 409, "at most"},
		"goods of both": {`{"lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":1}],"reason":"x"}`, 422,
			"grant it by shipment"},
		"fits neither":         {`{"goodwill":700,"reason":"late"}`, 422, "needs-shipment"},
		"more than both":       {`{"goodwill":1001,"reason":"late"}`, 409, "at most 10.00 GBP"},
		"more than this":       {`{"shipment_id":"s2","goodwill":401,"reason":"late"}`, 409, "at most 4.00 GBP"},
		"of no parcel":         {`{"shipment_id":"s3","goodwill":1,"reason":"late"}`, 422, "unknown-shipment"},
		"no text of shipments": {`{"shipment_id":"s 3","goodwill":1,"reason":"late"}`, 422, "body.shipment_id"},
	} {
		r := deciding{till{"a": apart()}}
		status, body := ask(t, idempotencytest.New(), r, "POST", path, c.body, httpserver.AudienceOperators, "k")
		if status != c.status || !strings.Contains(body, c.says) || (r.till["a"].Pending > 0) != (status == 202) {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
	r := deciding{till{"a": captured(1000)}}
	status, body := ask(t, idempotencytest.New(), r, "POST", path, `{"shipment_id":"s1","goodwill":1,"reason":"late"}`,
		httpserver.AudienceOperators, "k")
	if status != 422 || !strings.Contains(body, "Leave it out") {
		t.Errorf("of an order of one parcel: got %d %s", status, body)
	}
}

func TestTheMoneyOfSeveralParcelsIsShownByParcel(t *testing.T) {
	t.Parallel()
	r := deciding{till{"a": apart()}}
	ask(t, idempotencytest.New(), r, "POST", path, `{"shipment_id":"s2","goodwill":150,"reason":"late"}`,
		httpserver.AudienceOperators, "k")
	_, body := ask(t, idempotencytest.New(), r, "GET", path, "", httpserver.AudienceOperators, "")
	var shown account
	if err := json.Unmarshal([]byte(body), &shown); err != nil {
		t.Fatal(err)
	}
	pounds := func(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }
	if len(shown.Parcels) != 2 || shown.Parcels[0] != (parcel{"s1", pounds(600), pounds(600)}) ||
		shown.Parcels[1] != (parcel{"s2", pounds(400), pounds(250)}) || shown.Captured != pounds(1000) ||
		shown.Refundable != pounds(850) || shown.Refunds[0].Shipment != "s2" {
		t.Errorf("%s", body)
	}
	if _, body := ask(t, idempotencytest.New(), till{"a": captured(5)}, "GET", path, "", httpserver.AudienceOperators, ""); strings.
		Contains(body, "parcels") {
		t.Errorf("of an order of one parcel: %s", body)
	}
}
