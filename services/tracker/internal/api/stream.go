package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/tracker"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

const (
	streamTick = 500 * time.Millisecond

	// streamedFor is how long a stream lasts; who still may reads on with another.
	streamedFor = 15 * time.Minute

	// namedAtOnce is how many changed sagas are named in one event.
	namedAtOnce = 100
)

// changes is the data of an event about sagas.
type changes struct {
	Orders []string `json:"orders"`
	All    bool     `json:"all"` // none other has changed since the event before
}

func registerStream(to *openapi.Routes, r *routes) {
	openapi.Handle[struct{}, struct{}](to, huma.Operation{OperationID: "follow-sagas", Method: http.MethodGet, Path: "/v1/stream",
		DefaultStatus: http.StatusOK, Tags: []string{"Sagas"}, Summary: "Follow what changes, as server-sent events",
		Description: "Twice a second the orders whose sagas have changed, as events sagas {orders, all}, and once a second the " +
			"overview, as events overview. A stream ends after a quarter of an hour. It tells what is to be " +
			"read again; nothing is sent twice.",
		Responses: map[string]*huma.Response{"200": {Description: "The events", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}, r.stream)
}

func (r *routes) stream(c *gin.Context) {
	httpserver.Stream(c, func(ctx context.Context) <-chan httpserver.Event {
		out := make(chan httpserver.Event)
		go func() {
			defer close(out)
			ctx, cancel := context.WithTimeout(ctx, streamedFor)
			defer cancel()
			r.follow(ctx, out)
		}()
		return out
	})
}

// follow sends what changes from now on.
func (r *routes) follow(ctx context.Context, out chan<- httpserver.Event) {
	var after int64
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	known := false
	for n := 0; ; n++ {
		var told []httpserver.Event
		err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
			orders, by, all := x.Changes(after)
			if known && len(orders) > 0 {
				shown := orders[:min(len(orders), namedAtOnce)]
				told = append(told, event("sagas", changes{shown, all && len(shown) == len(orders)}))
			}
			if after, known = by, true; n%2 == 0 {
				told = append(told, event("overview", x.Overview(now)))
			}
		})
		var behind watch.Behind
		if errors.As(err, &behind) {
			known = false // it reads from the beginning
			told = append(told, event("catching-up", behind.Progress))
		}
		for _, e := range told {
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func event(name string, data any) httpserver.Event {
	text, err := json.Marshal(data)
	if err != nil {
		panic("api: " + err.Error()) // of types that can be written
	}
	return httpserver.Event{Name: name, Data: text}
}
