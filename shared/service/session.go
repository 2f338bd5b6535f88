package service

import (
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

const sessionPath = "/session"

// registerSessions adds signing in from a browser.
func registerSessions(to *openapi.Routes, s *httpserver.Sessions) {
	op := func(method, id, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: sessionPath, Tags: []string{"Session"}, Summary: summary}
	}
	open := op(http.MethodPost, "sign-in", "Sign a browser in, with a token or the code of a link")
	open.DefaultStatus = http.StatusNoContent
	open.Errors = []int{http.StatusUnauthorized, http.StatusForbidden}
	openapi.HandleOpen[openapi.Body[httpserver.SignIn], struct{}](to, open, s.Open)
	openapi.HandleOpen[struct{}, openapi.Body[httpserver.Session]](to,
		op(http.MethodGet, "get-session", "Read who is signed in"), s.Show)
	end := op(http.MethodDelete, "sign-out", "Sign out")
	end.DefaultStatus = http.StatusNoContent
	end.Errors = []int{http.StatusForbidden}
	openapi.HandleOpen[struct{}, struct{}](to, end, s.Close)
}

// operatorsHosts are the names that requests to the operators' listener may be for, beside the loopback ones.
func (c Config) operatorsHosts() []string {
	u, err := url.Parse(c.ConsoleURL)
	if err != nil || u.Host == "" {
		return c.OpsHosts
	}
	return append([]string{u.Hostname()}, c.OpsHosts...)
}
