package api

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
)

// decided is a till that holds the events of what operators decide against their contracts.
type decided struct {
	till
	*testing.T
	n int
}

func (d *decided) hold(kind interface{ Check([]byte) error }, payload any) {
	d.n++
	data, err := json.Marshal(payload)
	if err == nil {
		err = kind.Check(data)
	}
	if err != nil {
		d.Errorf("%v: %s", err, data)
	}
}

func (d *decided) Grant(ctx context.Context, order string, g refund.Grant) (refund.Refund, error) {
	e := event.GrantedV1{GrantID: g.ID, Amount: schemas.Money{Amount: 1, Currency: "GBP"}, Shipping: g.Shipping,
		Goodwill: g.Goodwill, Note: g.Note, Operator: g.Operator, Request: g.Request}
	for _, l := range g.Lines {
		e.Lines = append(e.Lines, schemas.Allocation{SKU: l.SKU, Warehouse: "north", Quantity: l.Quantity, UnitPrice: 1})
	}
	d.hold(event.Granted, e)
	return d.till.Grant(ctx, order, g)
}

func (d *decided) Settle(ctx context.Context, order string, s refund.Settlement) (refund.Refund, error) {
	d.hold(event.Settled, event.SettledV1{SettlementID: s.ID, RefundID: s.RefundID, Reason: "cancelled",
		Amount: schemas.Money{Amount: 1, Currency: "GBP"}, How: s.How, Reference: s.Reference, Note: s.Note, Operator: s.Operator,
		Request: s.Request})
	return d.till.Settle(ctx, order, s)
}

// An accepted request's events satisfy their contracts; a refused one emits none, and is never a failure of the server.
func TestWhatTheAPITakesTheContractsOfItsEventsAllow(t *testing.T) {
	t.Parallel()
	for path, good := range map[string]string{
		path: `{"lines":[{"sku":"MUG","quantity":1},{"sku":"5091091530083","quantity":2}],"shipping":2,"goodwill":3,
			"reason":"late"}`,
		settlementPath: transferred,
	} {
		d, refused := &decided{T: t}, 0
		for body := range httpservertest.Variations(1, good, 500) {
			d.till = till{"a": captured(1 << 40)}
			if path == settlementPath {
				d.till["a"] = claimed(refund.Owed)
			}
			before := d.n
			status, answer := ask(t, idempotencytest.New(), d, "POST", path, body, httpserver.AudienceOperators, "k")
			switch status {
			case 200, 202, 409:
			case 400, 422:
				if refused++; d.n != before {
					t.Errorf("%s was refused and decided on", body)
				}
			default:
				t.Errorf("%s: %d %s", body, status, answer)
			}
		}
		if d.n < 50 || refused < 50 {
			t.Errorf("%s: %d were accepted and %d refused: the test covers too little", path, d.n, refused)
		}
	}
}

func TestTheAnswerIsLostAndTheRepeatIsAnsweredFromWhatWasDone(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{path: `{"goodwill":300,"reason":"late"}`, settlementPath: transferred} {
		r, claims := till{"a": captured(1000)}, idempotencytest.New()
		if path == settlementPath {
			r["a"] = claimed(refund.Owed)
		}
		_, first := ask(t, claims, r, "POST", path, body, httpserver.AudienceOperators, "k")
		done := fmt.Sprint(r)
		claims.Lose(claims.All()[0].Name)
		status, again := ask(t, claims, r, "POST", path, body, httpserver.AudienceOperators, "k")
		if status >= 300 || again != first || fmt.Sprint(r) != done {
			t.Errorf("%s: %d %s, first %s; %v, before %s", path, status, again, first, r, done)
		}
	}
}
