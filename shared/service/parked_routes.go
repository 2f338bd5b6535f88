package service

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver/openapi"
)

type parkedInput struct {
	openapi.Paged
	Service string `query:"service"`
	Group   string `query:"group" doc:"Only those of a group; what waits behind one is in none"`
	Order   string `query:"order" doc:"The saga, or the key where that is no order"`
	Key     string `query:"key"`
	Type    string `query:"type"`
	Form    string `query:"form"`
	Heads   bool   `query:"heads" doc:"Leave out what only waits behind an earlier one"`
}

type groupsInput struct {
	openapi.Paged
	Service string `query:"service"`
}

type redriveInput struct {
	ID string `path:"id" doc:"The redrive's id"`
}

// RegisterParked adds the routes about parked inputs of these services to the operators' listener.
func RegisterParked(to *openapi.Routes, services parked.Services) {
	r := &parkedRoutes{services: services}
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/parked" + path, Tags: []string{"Parked"}, Summary: summary}
	}
	openapi.Handle[parkedInput, openapi.Body[parkedPage[parked.Item]]](to,
		op(http.MethodGet, "", "list-parked", "List what is parked"), r.list)
	openapi.Handle[groupsInput, openapi.Body[parkedPage[parked.Group]]](to,
		op(http.MethodGet, "/groups", "list-parked-groups", "List what is parked by its cause"), r.groups)
	redrives := op(http.MethodGet, "/redrives", "list-redrives", "List the redrives, the newest first")
	openapi.Link(&redrives, http.StatusOK, "/items/0/id", "id", "get-redrive", "stop-redrive", "continue-redrive")
	openapi.Handle[openapi.Paged, openapi.Body[parkedPage[parked.Redrive]]](to, redrives, r.redrives)
	openapi.Handle[redriveInput, openapi.Body[parked.Redrive]](to,
		op(http.MethodGet, "/redrives/:id", "get-redrive", "Read how far a redrive has come"), r.progress)

	redrive := op(http.MethodPost, "/redrive", "redrive-parked", "Have parked sagas processed again")
	redrive.Description = "With dry_run nothing is done: the answer, of status 200, is what would be. All else needs the key."
	redrive.DefaultStatus = http.StatusAccepted
	redrive.Errors = []int{http.StatusNotFound}
	redrive.Responses = map[string]*huma.Response{"200": {Description: "What would be done", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/ParkedStarted"}}}}}
	openapi.TakesKey(&redrive, true)
	openapi.Handle[openapi.Body[parked.Request], struct {
		Location string `header:"Location" doc:"The redrive; none of a dry run"`
		Body     parked.Started
	}](to, redrive, r.redrive)

	discard := op(http.MethodPost, "/discard", "discard-parked", "Give up what is parked, for a reason")
	discard.DefaultStatus = http.StatusAccepted
	discard.Errors = []int{http.StatusNotFound}
	openapi.TakesKey(&discard, false)
	openapi.Handle[openapi.Body[parked.Discard], openapi.Body[parked.Discarded]](to, discard, r.discard)

	stop := op(http.MethodPost, "/redrives/:id/stop", "stop-redrive", "Let a redrive begin no more sagas")
	stop.Errors = []int{http.StatusConflict}
	openapi.Handle[redriveInput, openapi.Body[parked.Redrive]](to, stop, r.stop)
	proceed := op(http.MethodPost, "/redrives/:id/continue", "continue-redrive", "Let a redrive go on that waits after a step")
	proceed.Errors = []int{http.StatusConflict}
	openapi.Handle[redriveInput, openapi.Body[parked.Redrive]](to, proceed, r.proceed)
}
