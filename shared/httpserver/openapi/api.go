// Package openapi describes an HTTP API in OpenAPI 3.1 from the code that serves it, and shows the description at
// /docs without asking anything of the outside world. It is huma over gin, set up so that its refusals are the
// problems of package httpserver, its bodies are read as strictly, and nothing of a request is repeated.
//
// The storefront uses it. APIs that nobody outside reads need only httpserver.
package openapi

import (
	"encoding/json"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// bearer is the security scheme's name in the description.
const bearer = "token"

// Bearer is the Security of an operation that needs a token.
var Bearer = []map[string][]string{{bearer: {}}}

// New serves /openapi.json, /openapi.yaml and /docs on the engine and returns the API that operations are registered
// on, with huma.Register. Numbers in request bodies are integers: an operation that takes another kind panics when it
// is registered.
func New(engine *gin.Engine, title, version string) huma.API {
	install()
	config := huma.DefaultConfig(title, version)
	// No $schema in bodies and no Link to it: its address is built from the Host header.
	config.CreateHooks = nil
	config.SchemasPath = ""
	config.DocsPath = ""
	config.RejectUnknownQueryParameters = true
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	config.OnAddOperation = append(config.OnAddOperation, refuseFloats)
	serveDocs(engine, title)
	return humagin.New(engine, config)
}

// RequireToken lets operations whose Security is Bearer be called only with a token for this audience. Handlers ask
// httpserver.Subject whose it is. Use it before operations are registered.
func RequireToken(api huma.API, auth *httpserver.Auth, audience string) {
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		for _, scheme := range ctx.Operation().Security {
			if _, ok := scheme[bearer]; !ok {
				continue
			}
			c := humagin.Unwrap(ctx)
			if p := auth.Authenticate(c, audience); p != nil {
				httpserver.WriteProblem(c, p)
				return
			}
		}
		next(ctx)
	})
}

// unmarshal is called by huma twice: into an any, which it validates, and then into the operation's type.
func unmarshal(body []byte, v any) error {
	tree, generic := v.(*any)
	var faults []httpserver.Fault
	if generic {
		faults = httpserver.CheckSyntax(body)
	} else {
		faults = httpserver.UnmarshalStrict(body, v)
	}
	if faults != nil {
		return faultsError(faults)
	}
	if !generic {
		return nil
	}
	if err := decodeNumbers(body, tree); err != nil {
		return faultsError{{Detail: "not valid JSON", Location: "body"}}
	}
	*tree = strictNumbers(*tree)
	return nil
}

// strictNumbers turns what huma would take for an integer, though it is not written as one or does not fit, into a
// number that is none, so that huma refuses it together with everything else that is wrong.
func strictNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = strictNumbers(member)
		}
	case []any:
		for i, element := range v {
			v[i] = strictNumbers(element)
		}
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return math.NaN()
		}
		number, _ := v.Float64()
		return number
	}
	return v
}

// refuseFloats holds what strictNumbers relies on: a NaN would pass the bounds of a schema for any number.
func refuseFloats(api *huma.OpenAPI, op *huma.Operation) {
	if op.RequestBody == nil {
		return
	}
	seen := map[*huma.Schema]bool{}
	var look func(*huma.Schema)
	look = func(s *huma.Schema) {
		if s != nil && s.Ref != "" {
			s = api.Components.Schemas.SchemaFromRef(s.Ref)
		}
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.Type == huma.TypeNumber {
			panic("openapi: " + op.Method + " " + op.Path + ": a number in a request body must be an integer type")
		}
		look(s.Items)
		for _, property := range s.Properties {
			look(property)
		}
		for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
			for _, one := range list {
				look(one)
			}
		}
		if rest, ok := s.AdditionalProperties.(*huma.Schema); ok {
			look(rest)
		}
	}
	for _, media := range op.RequestBody.Content {
		look(media.Schema)
	}
}

var _ huma.StatusError = (*httpserver.Problem)(nil)
var _ huma.ContentTypeFilter = (*httpserver.Problem)(nil)

var slugs = map[int]string{
	http.StatusBadRequest:           "malformed",
	http.StatusUnauthorized:         "unauthorized",
	http.StatusForbidden:            "forbidden",
	http.StatusNotFound:             "not-found",
	http.StatusNotAcceptable:        "not-acceptable",
	http.StatusRequestTimeout:       "timeout",
	http.StatusConflict:             "conflict",
	http.StatusUnsupportedMediaType: "media-type",
	http.StatusUnprocessableEntity:  "invalid",
	http.StatusTooManyRequests:      "too-many-requests",
}
