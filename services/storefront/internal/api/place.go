package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/google/uuid"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

type placeInput struct {
	Key  string `header:"Idempotency-Key" minLength:"1" maxLength:"512" pattern:"[!-~]" patternDescription:"visible characters" doc:"1 to 255 printable ASCII characters, quoted or bare: a new one for each order, the same one when you send an order again. Kept for seven days"`
	Body NewOrder
}

// PlacedOrder is the answer to an order that was taken.
type PlacedOrder struct {
	ID     string `json:"id" format:"uuid"`
	Status string `json:"status" enum:"placed"`
	Total  Money  `json:"total"`
}

type placeOutput struct {
	Location string `header:"Location"`
	Replayed string `header:"Idempotent-Replayed" doc:"true when this answer was given before"`
	Body     PlacedOrder
}

// placing knows which idempotency keys are being worked on in this process.
type placing struct {
	mu   sync.Mutex
	keys map[[2]string]struct{}
}

func newPlacing() *placing { return &placing{keys: map[[2]string]struct{}{}} }

func (p *placing) begin(customer, key string) (end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := [2]string{customer, key}
	if _, busy := p.keys[id]; busy {
		return nil, false
	}
	p.keys[id] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.keys, id)
	}, true
}

func (h *handlers) place(api huma.API) {
	op := huma.Operation{
		OperationID: "place-order", Method: http.MethodPost, Path: "/v1/orders", Tags: []string{"Orders"}, DefaultStatus: http.StatusAccepted,
		Summary:     "Place an order",
		Description: "Answered once the order is kept safely. What comes of it is read at the Location.",
		Security:    openapi.Bearer,
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable},
		Middlewares: huma.Middlewares{needKey},
	}
	huma.Register(api, op, h.placeOrder)
	for _, p := range api.OpenAPI().Paths[op.Path].Post.Parameters {
		p.Required = p.Required || p.Name == "Idempotency-Key" // its absence is answered 400, not huma's 422
	}
}

// needKey refuses a request without a usable key before its body is looked at.
func needKey(ctx huma.Context, next func(huma.Context)) {
	if _, p := idempotencyKey(ctx.Header("Idempotency-Key")); p != nil {
		httpserver.WriteProblem(humagin.Unwrap(ctx), p)
		return
	}
	next(ctx)
}

func (h *handlers) placeOrder(ctx context.Context, in *placeInput) (*placeOutput, error) {
	key, p := idempotencyKey(in.Key)
	if p != nil {
		return nil, p
	}
	customer := httpserver.Subject(ctx)
	end, ok := h.placing.begin(customer, key)
	if !ok {
		return nil, stillPlacing()
	}
	defer end()
	// A customer who leaves meanwhile has ordered all the same, and comes back with the same key.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
	defer cancel()

	prices, err := h.Reader.Prices(ctx, in.Body.skus())
	switch {
	case err != nil && in.Body.faults != nil:
		return nil, httpserver.Invalid(in.Body.faults...)
	case err != nil:
		return nil, unavailable(err)
	}
	basket, p := in.Body.price(prices)
	if p != nil {
		return nil, p
	}
	command := in.Body.command(customer, basket)
	if p := service.Refused(event.OrderPlaced, command); p != nil {
		return nil, p
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	want := store.Claim{Customer: customer, Key: key, Fingerprint: in.Body.fingerprint(), OrderID: id.String()}
	claim, err := h.Claims.Take(ctx, want)
	if err != nil {
		return nil, unavailable(err)
	}
	if !claim.Fresh {
		if out, err := h.replay(ctx, claim, want); out != nil || err != nil {
			return out, err
		}
	}
	o, _, err := h.Submit(ctx, claim.OrderID, storefront.PlaceOrder.Of(command))
	if err != nil {
		h.release(ctx, claim, err)
		return nil, unavailable(err)
	}
	return &placeOutput{Location: "/v1/orders/" + o.ID, Body: placedOrder(o)}, nil
}

// replay answers a key that was used before; with nothing, where the order still has to be placed.
func (h *handlers) replay(ctx context.Context, claim, want store.Claim) (*placeOutput, error) {
	if !bytes.Equal(claim.Fingerprint, want.Fingerprint) {
		return nil, httpserver.NewProblem(http.StatusUnprocessableEntity, "idempotency-key-reused",
			"this Idempotency-Key came with another order before; use a new key for a new order")
	}
	o, found, err := h.Reader.Order(ctx, claim.Customer, claim.OrderID)
	if err != nil {
		return nil, unavailable(err)
	}
	if found {
		return &placeOutput{Location: "/v1/orders/" + o.ID, Replayed: "true", Body: placedOrder(o)}, nil
	}
	mine, err := h.Claims.Resume(ctx, claim)
	if err != nil {
		return nil, unavailable(err)
	}
	if !mine {
		return nil, stillPlacing()
	}
	return nil, nil
}

// release lets a repeat go on at once, unless the order may have been placed after all.
func (h *handlers) release(ctx context.Context, claim store.Claim, cause error) {
	if errors.Is(cause, database.ErrCommitUnknown) || ctx.Err() != nil {
		return
	}
	if err := h.Claims.Release(ctx, claim); err != nil {
		h.Log.Warn("an idempotency key stays busy for some seconds", "order", claim.OrderID, "error", err)
	}
}

func (o *NewOrder) command(customer string, basket storefront.Basket) event.OrderPlacedV1 {
	return event.OrderPlacedV1{
		CustomerID: customer, Lines: basket.Lines, Total: basket.Total, ShipTo: schemas.Address(o.ShipTo), Email: o.Email,
		PaymentToken: o.PaymentToken, FillPolicy: o.FillPolicy,
	}
}

func placedOrder(o storefront.Order) PlacedOrder {
	return PlacedOrder{ID: o.ID, Status: storefront.StatusPlaced, Total: Money(o.Placed.Total)}
}

func stillPlacing() error {
	return huma.ErrorWithHeaders(httpserver.Conflict("idempotency-key-in-use",
		"the order with this Idempotency-Key is being placed right now; send it again in a moment"), retryAfter)
}
