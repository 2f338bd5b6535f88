package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

func customersAPI(s *httpserver.Server, auth *httpserver.Auth) huma.API {
	api := openapi.New(s.Engine(), "Orderflow", "1")
	openapi.RequireToken(api, auth, httpserver.AudienceCustomers)
	return api
}

func operatorsRoutes(s *httpserver.Server, auth *httpserver.Auth) *openapi.Routes {
	return openapi.NewRoutes(s, auth.RequireOperator(), "Orderflow operators", "1",
		"What operators may ask and change. A process serves the part of it that is about the services that run there. Lists go on "+
			"with limit and cursor; a parameter that a list does not have is refused.")
}

func metricsOperation() huma.Operation {
	texts := map[string]*huma.MediaType{}
	for _, kind := range []string{"text/plain", "application/openmetrics-text"} {
		texts[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return huma.Operation{OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: []string{"Probes"},
		Summary: "Metrics, for Prometheus", DefaultStatus: http.StatusOK,
		Responses: map[string]*huma.Response{"200": {Description: "What is measured", Content: texts}}}
}

// Describe returns the /openapi.json of the customers' and of the operators' listener of these services. It runs no
// service.
func Describe(apps ...App) (customers, operators []byte, err error) {
	auth, err := httpserver.NewAuth(make([]byte, 32))
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	registry := NewRegistry()
	offered := customersAPI(httpserver.New(httpserver.Options{}), auth)
	routes := operatorsRoutes(httpserver.New(httpserver.Options{}), auth)
	sessions, err := auth.AcceptSessions("")
	if err != nil {
		return nil, nil, err
	}
	registerSessions(routes, sessions)
	openapi.HandleOpen[struct{}, struct{}](routes, metricsOperation(), httpserver.Metrics(registry))
	RegisterParked(routes, nil)
	for _, app := range apps {
		p := &Parts{Auth: auth, Log: slog.New(slog.DiscardHandler), Registry: registry, Running: ctx}
		if app.Storefront != nil {
			app.Storefront(offered, p)
		}
		if app.Operators != nil {
			app.Operators(routes, p)
		}
		if app.Watch != nil {
			app.Watch(routes, p)
		}
	}
	if customers, err = indented(offered.OpenAPI()); err != nil {
		return nil, nil, err
	}
	operators, err = indented(routes.Description())
	return customers, operators, err
}

func indented(d *huma.OpenAPI) ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}
