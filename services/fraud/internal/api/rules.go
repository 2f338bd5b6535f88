package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// ruleSet is a set of rules.
type ruleSet struct {
	Name    string `json:"name"`
	Version string `json:"version" doc:"Of the text: the beginning of its SHA-256"`
	Text    string `json:"text" doc:"The file"`
}

// RegisterRules adds the route of the rules in force.
func RegisterRules(routes *openapi.Routes, live func(context.Context) (fraud.RuleSet, error)) {
	op := huma.Operation{OperationID: "get-fraud-rules", Method: http.MethodGet, Path: "/v1/fraud/rules", Tags: []string{"Reviews"},
		Summary: "Show the rules in force"}
	openapi.Handle[struct{}, openapi.Body[ruleSet]](routes, op, func(c *gin.Context) {
		s, err := live(c.Request.Context())
		if err != nil {
			httpserver.WriteUnavailable(c, err)
			return
		}
		c.JSON(http.StatusOK, ruleSet{s.Name, s.Version, s.Text})
	})
}
