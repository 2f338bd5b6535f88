// Package openapi describes an HTTP API in OpenAPI 3.1 from the code that serves it, and shows the description at /docs
// without any request to other hosts. It is huma over gin, set up so that its refusals are the problems of package
// httpserver, its bodies are read and checked by that package, and nothing of a request is repeated.
//
// The storefront is New, whose operations huma serves; the operators' API is Routes, whose handlers are gin's.
package openapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// bearer is the security scheme's name in the description.
const bearer = "token"

// Bearer is the Security of an operation that needs a token.
var Bearer = []map[string][]string{{bearer: {}}}

// OptionalBearer is the Security of an operation that anybody may use, and that does more for the subject of a token.
var OptionalBearer = []map[string][]string{{}, {bearer: {}}}

// New serves /openapi.json, /openapi.yaml and /docs on the engine and returns the API that operations are registered on,
// with huma.Register. Numbers in request bodies are integers: registering an operation that takes another kind panics.
func New(engine *gin.Engine, title, version string) huma.API {
	config := configure(title, version)
	config.OnAddOperation = append([]huma.AddOpFunc{refuseFloats, func(_ *huma.OpenAPI, op *huma.Operation) {
		op.SkipValidateBody = true // unmarshal finds more, and all at once
		if strings.HasPrefix(op.Path, "/v1/") {
			op.Errors = append(op.Errors, http.StatusTooManyRequests)
		}
	}}, config.OnAddOperation...)
	return serve(engine, config)
}

func configure(title, version string) huma.Config {
	install()
	config := huma.DefaultConfig(title, version)
	// No $schema in bodies and no Link to it: its address is built from the Host header.
	config.CreateHooks = nil
	config.SchemasPath = ""
	config.DocsPath = ""
	config.RejectUnknownQueryParameters = true
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.Transformers = append(config.Transformers, ready)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	config.OnAddOperation = append(config.OnAddOperation, describeAnswers)
	return config
}

func serve(engine *gin.Engine, config huma.Config) huma.API {
	serveDocs(engine, config.Info.Title)
	api := humagin.New(engine, config)
	api.UseMiddleware(needJSON, needOnce)
	describeProbes(api)
	return api
}

// needJSON refuses a body whose media type is not JSON, in upper or lower case.
func needJSON(ctx huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(ctx)
	if ctx.Operation().RequestBody != nil && c.Request.Body != nil && c.Request.ContentLength != 0 {
		if !httpserver.IsJSON(ctx.Header("Content-Type")) {
			httpserver.WriteProblem(c, httpserver.NewProblem(http.StatusUnsupportedMediaType, slugs[http.StatusUnsupportedMediaType],
				"send the body as application/json"))
			return
		}
		c.Request.Header.Set("Content-Type", "application/json")
	}
	next(ctx)
}

// needOnce refuses a parameter that is given twice and is no list: it is ambiguous.
func needOnce(ctx huma.Context, next func(huma.Context)) {
	url := ctx.URL()
	var faults []httpserver.Fault
	for name, values := range url.Query() {
		if len(values) > 1 && !isList(ctx.Operation(), name) {
			faults = httpserver.AddFaults(faults,
				httpserver.Fault{Detail: "want the parameter once", Location: "query." + httpserver.FieldName(name)})
		}
	}
	if faults != nil {
		httpserver.WriteProblem(humagin.Unwrap(ctx), httpserver.Invalid(faults...))
		return
	}
	next(ctx)
}

func isList(op *huma.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool {
		return p.In == "query" && p.Name == name && p.Schema != nil && p.Schema.Type == huma.TypeArray
	})
}

// ready makes a problem the answer to this request.
func ready(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*httpserver.Problem); ok {
		return p.Ready(ctx.Context(), func(name, value string) {
			if c := humagin.Unwrap(ctx); c.Writer.Header().Get(name) == "" {
				c.Header(name, value)
			}
		}), nil
	}
	return v, nil
}

// RequireToken requires a token for this audience for operations whose Security is Bearer; with OptionalBearer, a token that is
// sent must be valid. Handlers get its subject from httpserver.Subject. Use it before operations are registered.
func RequireToken(api huma.API, auth *httpserver.Auth, audience string) {
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		for _, scheme := range ctx.Operation().Security {
			if _, ok := scheme[bearer]; !ok {
				continue
			}
			c := humagin.Unwrap(ctx)
			if len(ctx.Operation().Security[0]) == 0 && c.GetHeader("Authorization") == "" {
				continue
			}
			if p := auth.Authenticate(c, audience); p != nil {
				httpserver.WriteProblem(c, p)
				return
			}
		}
		next(ctx)
	})
}

// Keeper is a body whose handler answers its faults together with those that only the handler can find.
type Keeper interface {
	Keep(faults []httpserver.Fault)
}

func unmarshal(body []byte, v any) error {
	faults, readable := httpserver.Decode(body, v)
	if keeper, ok := v.(Keeper); ok && readable {
		keeper.Keep(faults)
		return nil
	}
	if faults == nil {
		return nil
	}
	return &bodyFaults{Malformed: !readable, Faults: faults}
}

// refuseFloats makes sure of an assumption of Decode: its bounds are those of integers.
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
