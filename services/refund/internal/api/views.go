package api

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/services/refund"
	"orderflow.example/shared/httpserver"
)

// account is the money of one order.
type account struct {
	Order      string        `json:"order"`
	Captured   schemas.Money `json:"captured"`
	Refunded   schemas.Money `json:"refunded"` // by the gateway
	Settled    schemas.Money `json:"settled" doc:"Given back outside the gateway"`
	Refundable schemas.Money `json:"refundable"` // captured, and neither given back, requested nor charged back
	Parcels    []parcel      `json:"parcels,omitempty" doc:"Of an order that leaves in several parcels: each that was captured"`
	Disputes   []dispute     `json:"disputes" nullable:"false"`
	Refunds    []claim       `json:"refunds" nullable:"false"`
}

// parcel is the money of one of several parcels.
type parcel struct {
	ShipmentID string        `json:"shipment_id"`
	Captured   schemas.Money `json:"captured"`
	Refundable schemas.Money `json:"refundable"`
}

type dispute struct {
	ID     string        `json:"id"`
	State  string        `json:"state" enum:"open,won,lost"`
	Amount schemas.Money `json:"amount"`
}

// claim is one refund. Only one by an operator has a grant.
type claim struct {
	Order    string               `json:"order"`
	Reason   string               `json:"reason" enum:"cancelled,lost,returned,granted"`
	GrantID  string               `json:"grant_id,omitempty"`
	ReturnID string               `json:"return_id,omitempty"`
	Shipment string               `json:"shipment_id,omitempty" doc:"The parcel, of an order that leaves in several"`
	Status   refund.Status        `json:"status" enum:"noted,pending,issued,failed,owed,covered,settled" doc:"covered: it failed or was owed, and the customer has it from their bank, or for another reason"`
	Amount   schemas.Money        `json:"amount"`
	Lines    []schemas.Allocation `json:"lines,omitempty"`
	RefundID string               `json:"refund_id,omitempty"`
	Why      string               `json:"why,omitempty" doc:"With failed and owed: the gateway's reason"`
	Operator string               `json:"operator,omitempty" doc:"Who granted it"`
	Settled  *settled             `json:"settled,omitempty" doc:"With settled: how it was paid outside the gateway"`
}

type settled struct {
	ID        string `json:"id"`
	How       string `json:"how" enum:"bank_transfer,cheque"`
	Reference string `json:"reference"`
	Operator  string `json:"operator" doc:"Who paid it"`
}

type page struct {
	Items      []claim `json:"items" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty"`
}

// covered is shown of a refund of which nothing is owed any more.
const covered refund.Status = "covered"

func view(r refund.Refund, c refund.Claim) claim {
	amount := c.Amount
	if (c.Status == refund.Failed || c.Status == refund.Owed) && !r.IsDisputed() {
		if due := r.Outstanding(c); due > 0 {
			amount = due
		} else {
			c.Status = covered
		}
	}
	return claim{Order: r.Order, Reason: c.Reason, GrantID: c.GrantID, ReturnID: c.ReturnID, Shipment: c.ShipmentID,
		Status: c.Status, Lines: c.Lines,
		Amount: schemas.Money{Amount: amount, Currency: r.Currency}, RefundID: c.RefundID, Why: c.Why, Operator: c.Operator,
		Settled: (*settled)(c.Paid)}
}

func show(c *gin.Context, r Refunds) {
	now, err := r.Of(c.Request.Context(), c.Param("id"))
	switch {
	case err != nil:
		httpserver.WriteUnavailable(c, err)
		return
	case !now.Taken && len(now.Claims) == 0:
		httpserver.WriteProblem(c, httpserver.NotFound("there is no order of this id of which money was taken"))
		return
	}
	money := func(amount int64) schemas.Money { return schemas.Money{Amount: amount, Currency: now.Currency} }
	a := account{Order: now.Order, Captured: money(now.Captured), Refunded: money(now.Refunded), Settled: money(now.Settled()),
		Refundable: money(now.Left()),
		Disputes:   []dispute{}, Refunds: []claim{}}
	for _, t := range now.Captures {
		a.Parcels = append(a.Parcels, parcel{t.ShipmentID, money(t.Amount), money(now.LeftOf(t))})
	}
	for _, d := range now.Disputes {
		a.Disputes = append(a.Disputes, dispute{d.ID, d.State, money(d.Amount)})
	}
	for _, one := range now.Shown() {
		a.Refunds = append(a.Refunds, view(now, one))
	}
	c.JSON(http.StatusOK, a)
}

// listAll lists the refunds of one status, those of an order together on one page.
func listAll(c *gin.Context, r Refunds) {
	q, after := httpserver.NewQuery(c, "status"), ""
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&after)
	status := cmp.Or(refund.Status(q.OneOf("status", string(refund.Owed), string(refund.Failed), string(refund.Pending))),
		refund.Owed)
	if q.Refused() {
		return
	}
	orders, err := r.With(c.Request.Context(), status, after, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	p := page{Items: []claim{}}
	if len(orders) > limit {
		orders = orders[:limit]
		p.NextCursor = httpserver.EncodeCursor(orders[limit-1].Order)
	}
	for _, o := range orders {
		for _, one := range o.Claims {
			if shown := view(o, one); shown.Status == status {
				p.Items = append(p.Items, shown)
			}
		}
	}
	c.JSON(http.StatusOK, p)
}
