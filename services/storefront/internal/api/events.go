package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	orders "orderflow.example/schemas/order"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

type eventsInput struct {
	ID          string `path:"id" doc:"The order's id"`
	LastEventID string `header:"Last-Event-ID" pattern:"^[0-9]{1,9}$" patternDescription:"the id of an event of this stream" doc:"Go on after this event"`
}

func (h *handlers) events(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "watch-order", Method: http.MethodGet, Path: "/v1/orders/{id}/events", Tags: []string{"Orders"},
		Summary: "Watch an order", Security: openapi.Bearer,
		Description: "Server-sent events named `status`, one for each entry of the order's timeline, from the first on. The id of an " +
			"event is the entry's place in the timeline, its data the entry. The stream ends after `rejected`, `cancelled` or " +
			"`returned`. That of a completed order stays open, as its goods may come back. Resumed after the end, it answers 204.",
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound},
		Responses: map[string]*huma.Response{
			"200": {Description: "Events", Content: map[string]*huma.MediaType{"text/event-stream": {}}},
			"204": {Description: "The order has ended and there is nothing more to tell"},
		},
	}, h.watchOrder)
}

func (h *handlers) watchOrder(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	o, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	next := 0
	if in.LastEventID != "" {
		last, err := strconv.Atoi(in.LastEventID)
		if err != nil {
			return nil, err // cannot happen: the pattern is checked before
		}
		next = last + 1
	}
	now := store.Story{Timeline: o.Timeline, Last: orders.Last(o.Status)}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		if now.Last && next >= len(now.Timeline) {
			ctx.SetStatus(http.StatusNoContent)
			return
		}
		httpserver.Stream(humagin.Unwrap(ctx), func(ctx context.Context) <-chan httpserver.Event {
			out := make(chan httpserver.Event)
			go h.tell(ctx, o.ID, now, next, out)
			return out
		})
	}}, nil
}

// tell sends the entries from next on, and those added later, until the order or ctx has ended.
func (h *handlers) tell(ctx context.Context, order string, now store.Story, next int, out chan<- httpserver.Event) {
	defer close(out)
	for {
		for ; next < len(now.Timeline); next++ {
			select {
			case out <- statusEvent(next, now.Timeline[next]):
			case <-ctx.Done():
				return
			}
		}
		if now.Last {
			return
		}
		var ok bool
		if now, ok = h.watcher.next(ctx, order, len(now.Timeline)); !ok {
			return
		}
	}
}

func statusEvent(index int, entry storefront.Entry) httpserver.Event {
	data, err := json.Marshal(entry)
	if err != nil {
		panic("api: a timeline entry cannot be written: " + err.Error())
	}
	return httpserver.Event{ID: strconv.Itoa(index), Name: "status", Data: data}
}
