package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

type cancellationInput struct {
	ID   string `path:"id" doc:"The order's id"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`
	}
}

// NewReturn is what a customer wants to send back.
type NewReturn struct {
	Lines  []ReturnLine `json:"lines" minItems:"1" maxItems:"200" nullable:"false"`
	Reason string       `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters"`

	faults []httpserver.Fault // found by decoding
}

// Keep keeps the faults, to be answered together with those that only the order shows.
func (r *NewReturn) Keep(faults []httpserver.Fault) { r.faults = faults }

type returnInput struct {
	ID   string `path:"id" doc:"The order's id"`
	Body NewReturn
}

type orderOutput struct {
	Location string `header:"Location"`
	Body     Order
}

type returnOutput struct {
	Location string `header:"Location" doc:"The order, which lists its returns"`
	Body     Return
}

func (h *handlers) changes(api huma.API) {
	operation := huma.Operation{
		Method: http.MethodPost, Tags: []string{"Orders"}, DefaultStatus: http.StatusAccepted, Security: openapi.Bearer,
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict,
			http.StatusServiceUnavailable},
	}
	cancel := operation
	cancel.OperationID, cancel.Path, cancel.Summary = "cancel-order", "/v1/orders/{id}/cancellation",
		"Ask for the cancellation of an order"
	cancel.Description = "The answer is the order at this moment; its status shows whether the request came in time. " +
		"A repeat changes nothing."
	register(api, h, cancel, idempotency.Rule{Optional: true}, h.cancelOrder)

	sendBack := operation
	sendBack.OperationID, sendBack.Path, sendBack.Summary = "return-goods", "/v1/orders/{id}/returns", "Send goods of an order back"
	sendBack.Description = "The order shows the label to send the goods with, once there is one."
	register(api, h, sendBack, idempotency.Rule{}, h.returnGoods)
}

func (h *handlers) cancelOrder(ctx context.Context, in *cancellationInput) (*orderOutput, error) {
	o, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	asked := o.Cancelling && (o.Status == orders.StatusCancelled || !o.TooLateToCancel() || idempotency.Of(ctx).IsRepeated())
	switch {
	case asked:
	case o.TooLateToCancel():
		return nil, tooLate(o)
	default:
		wish := event.CancellationRequestedV1{Request: (*schemas.Request)(idempotency.Of(ctx).Origin())}
		if in.Body != nil {
			wish.Reason = in.Body.Reason
		}
		if p := service.Refused(event.CancellationRequested, wish); p != nil {
			return nil, p
		}
		if o, _, err = h.submit(ctx, o.ID, storefront.RequestCancellation.Of(wish)); err != nil {
			return nil, err
		}
	}
	return &orderOutput{Location: "/v1/orders/" + o.ID, Body: viewOrder(o)}, nil
}

func (h *handlers) returnGoods(ctx context.Context, in *returnInput) (*returnOutput, error) {
	o, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	request := idempotency.Of(ctx)
	if taken := takenReturn(o, request.ID()); taken != nil {
		return taken, nil
	}
	if !o.WithCustomer() {
		return nil, httpserver.Conflict("not-delivered", "only goods that have been delivered can be sent back; the order is "+o.Status)
	}
	if p := in.Body.check(o, o.Basket().Lines); p != nil {
		return nil, p
	}
	command := in.Body.command(request)
	if p := service.Refused(event.ReturnRequested, command); p != nil {
		return nil, p
	}
	if o, _, err = h.submit(ctx, o.ID, storefront.RequestReturn.Of(command)); err != nil {
		return nil, err
	}
	if taken := takenReturn(o, request.ID()); taken != nil {
		return taken, nil
	}
	if p := in.Body.check(o, o.Placed.Lines); p != nil { // another return came first
		return nil, p
	}
	return nil, fmt.Errorf("order %s: return %s was neither accepted nor refused", o.ID, request.ID())
}

// takenReturn is the answer to a return that was accepted, whatever its state is now; nil if it was not.
func takenReturn(o storefront.Order, id string) *returnOutput {
	for _, r := range o.Returns {
		if r.ID == id {
			return &returnOutput{Location: "/v1/orders/" + o.ID, Body: viewReturn(storefront.Return{
				ID: r.ID, Lines: r.Lines, Reason: r.Reason, State: storefront.ReturnRequested})}
		}
	}
	return nil
}

// check finds the lines that ask for more than is left of these lines, and adds the faults kept.
func (r NewReturn) check(o storefront.Order, lines []schemas.Line) *httpserver.Problem {
	left := o.Returnable(lines)
	faults := r.faults
	for i, l := range r.Lines {
		remaining, ordered := left[l.SKU]
		switch {
		case !ordered:
			faults = httpserver.AddFaults(faults, httpserver.Fault{Detail: "this product is not in the order",
				Location: fmt.Sprintf("body.lines[%d].sku", i)})
		case l.Quantity > remaining:
			faults = httpserver.AddFaults(faults, httpserver.Fault{
				Detail:   fmt.Sprintf("want at most %d, what is left to send back", max(remaining, 0)),
				Location: fmt.Sprintf("body.lines[%d].quantity", i)})
		case l.Quantity > 0:
			left[l.SKU] = remaining - l.Quantity
		}
	}
	if faults == nil {
		return nil
	}
	return httpserver.Invalid(faults...)
}

func (r NewReturn) command(request *idempotency.Request) event.ReturnRequestedV1 {
	command := event.ReturnRequestedV1{ReturnID: request.ID(), Reason: r.Reason, Request: (*schemas.Request)(request.Origin())}
	for _, l := range r.Lines {
		command.Lines = append(command.Lines, event.ReturnLine(l))
	}
	return command
}

// submit is Submit with a time limit of its own: it does not end when the client disconnects, and the client may retry.
func (h *handlers) submit(ctx context.Context, order string, command saga.Event) (storefront.Order, []saga.Event, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
	defer cancel()
	request := idempotency.Of(ctx)
	if p := request.Begin(ctx); p != nil {
		return storefront.Order{}, nil, p
	}
	o, emitted, err := h.Submit(ctx, order, command)
	if err != nil {
		request.Failed(err)
		return o, nil, service.Unavailable(err)
	}
	if httpserver.TraceParent(ctx) != "" { // events have their saga as their trace, which has the order's id
		h.Log.InfoContext(ctx, "a traced request goes on as a saga", "order", order, "command", command.Type)
	}
	return o, emitted, nil
}
