package openapi

import (
	"net/http"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// Routes are operations served by plain gin handlers, each behind the guard, and described where it is declared: an
// operation is served if and only if it is described.
type Routes struct {
	engine *gin.Engine
	api    huma.API
	guard  gin.HandlerFunc
	audit  Audit // nil: none
}

// NewRoutes serves the description and its page as New does. Guard refuses requests without a token.
func NewRoutes(s *httpserver.Server, guard gin.HandlerFunc, title, version, description string) *Routes {
	config := configure(title, version)
	config.Info.Description = description
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", qualified)
	return &Routes{engine: s.Engine(), api: described{serve(s.Engine(), config)}, guard: guard}
}

// Description is the document so far.
func (r *Routes) Description() *huma.OpenAPI { return r.api.OpenAPI() }

var variable = regexp.MustCompile(`[:*](\w+)`)

// Handle serves an operation with a handler that reads the request by itself. op.Path is gin's, as /v1/stock/*sku. In and
// Out only describe the request and the answer, as in huma.
func Handle[In, Out any](r *Routes, op huma.Operation, handle gin.HandlerFunc) {
	op.Security = Bearer
	if op.Method != http.MethodGet { // a token may be read-only
		op.Errors = append(slices.Clone(op.Errors), http.StatusForbidden)
	}
	parameters := describe[In, Out](r, op)
	if !slices.ContainsFunc(parameters, func(p *huma.Param) bool { return p.In == "query" }) {
		handle = withoutQuery(handle)
	}
	r.engine.Handle(op.Method, op.Path, r.guard, r.audited(op, handle))
}

// withoutQuery refuses any parameter. A handler of a list reads its own with httpserver.NewQuery.
func withoutQuery(handle gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		var faults []httpserver.Fault
		for name := range c.Request.URL.Query() {
			faults = httpserver.AddFaults(faults, httpserver.Fault{Detail: "there is no such parameter",
				Location: "query." + httpserver.FieldName(name)})
		}
		if faults != nil {
			httpserver.WriteProblem(c, httpserver.Invalid(faults...))
			return
		}
		handle(c)
	}
}

// HandleOpen is Handle for operations without a token.
func HandleOpen[In, Out any](r *Routes, op huma.Operation, handle gin.HandlerFunc) {
	describe[In, Out](r, op)
	r.engine.Handle(op.Method, op.Path, handle)
}

// Pages serves files and the paths of pages, which are no part of the description.
func (r *Routes) Pages(files *httpserver.Static, page string, paths []string) error {
	return files.Serve(r.engine, page, paths)
}

func describe[In, Out any](r *Routes, op huma.Operation) []*huma.Param {
	op.Path = variable.ReplaceAllString(op.Path, "{$1}")
	op.Errors = append(slices.Clone(op.Errors), http.StatusMisdirectedRequest) // the name of another host
	huma.Register[In, Out](r.api, op, nil)
	added := r.api.OpenAPI().Paths[op.Path]
	for _, of := range []*huma.Operation{added.Get, added.Post, added.Put, added.Patch, added.Delete} {
		if of != nil && of.Method == op.Method {
			return of.Parameters
		}
	}
	return nil
}

// described adds operations to the description and serves none.
type described struct{ huma.API }

func (described) Adapter() huma.Adapter { return unserved{} }

type unserved struct{ huma.Adapter }

func (unserved) Handle(*huma.Operation, func(huma.Context)) {}

// qualified puts the service, or else the package, into a schema's name: each has an Item of its own.
func qualified(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	of := path.Base(t.PkgPath())
	if _, service, ok := strings.Cut(t.PkgPath(), "/services/"); ok {
		of, _, _ = strings.Cut(service, "/")
	}
	if t.Name() == "" || of == "." || of == "httpserver" || of == "openapi" {
		return name
	}
	return strings.ToUpper(of[:1]) + of[1:] + name
}
