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

// consoleHost is the name by which browsers ask a proxy for the console; empty without one.
func (c Config) consoleHost() string {
	u, err := url.Parse(c.ConsoleURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
