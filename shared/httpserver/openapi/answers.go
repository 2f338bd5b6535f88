package openapi

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/shared/httpserver"
)

// describeAnswers adds the answers that package httpserver may give for any operation.
func describeAnswers(api *huma.OpenAPI, op *huma.Operation) {
	delete(op.Responses, "default") // every answer is named
	problem := api.Components.Schemas.Schema(reflect.TypeFor[httpserver.Problem](), true, "Problem")
	codes := append([]int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusInternalServerError,
		http.StatusServiceUnavailable}, op.Errors...)
	if op.RequestBody != nil {
		codes = append(codes, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if len(op.Security) > 0 {
		codes = append(codes, http.StatusUnauthorized)
	}
	if strings.Contains(op.Path, "{") {
		codes = append(codes, http.StatusNotFound)
	}
	for _, code := range codes {
		if op.Responses[strconv.Itoa(code)] == nil {
			op.Responses[strconv.Itoa(code)] = &huma.Response{Description: http.StatusText(code),
				Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}}
		}
	}
	op.Responses[strconv.Itoa(http.StatusRequestHeaderFieldsTooLarge)] = &huma.Response{
		Description: "The request's address and headers are longer than 16 KiB; nothing of it was read"}
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		if r := op.Responses[strconv.Itoa(code)]; r != nil {
			addHeader(r, "Retry-After", "Seconds after which to send the request again", huma.TypeInteger)
		}
	}
	describeTag(op)
	describeKey(op)
}

// describeTag describes the entity tag of an operation that reads.
func describeTag(op *huma.Operation) {
	ok := op.Responses["200"]
	if op.Method != http.MethodGet || !strings.HasPrefix(op.Path, "/v1/") || ok == nil || ok.Content["application/json"] == nil {
		return
	}
	op.Parameters = append(op.Parameters, &huma.Param{Name: "If-None-Match", In: "header",
		Description: "The ETag of the representation that is known already", Schema: &huma.Schema{Type: huma.TypeString}})
	addHeader(ok, "ETag", "Equal for equal representations", huma.TypeString)
	op.Responses["304"] = &huma.Response{Description: "The client has this representation already"}
	addHeader(op.Responses["304"], "ETag", "Equal for equal representations", huma.TypeString)
}

const keyHeader = "Idempotency-Key"

// TakesKey describes that the requests of an operation have an Idempotency-Key.
func TakesKey(op *huma.Operation, optional bool) {
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: keyHeader, In: "header", Required: !optional, Example: "order-4711",
		Description: "1 to 255 printable ASCII characters, quoted or bare: a new one for each request, the same one when you " +
			"send it again. Kept for seven days",
		Schema: &huma.Schema{Type: huma.TypeString, Pattern: `^([!#-~][ -~]*|"([ !#-\[\]-~]|\\["\\])+")$`},
	})
	op.Errors = append(op.Errors, http.StatusConflict)
}

func describeKey(op *huma.Operation) {
	if !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == keyHeader }) {
		return
	}
	for code, answer := range op.Responses {
		if strings.HasPrefix(code, "2") {
			addHeader(answer, "Idempotent-Replayed", "true when this answer was given before", huma.TypeString)
		}
	}
}

func addHeader(r *huma.Response, name, description, kind string) {
	if r.Headers == nil {
		r.Headers = map[string]*huma.Param{}
	}
	r.Headers[name] = &huma.Param{Description: description, Schema: &huma.Schema{Type: kind}}
}

// describeProbes describes the answers of the probes, which need no token.
func describeProbes(api huma.API) {
	type health struct {
		Status string `json:"status" enum:"ok"`
	}
	type readiness struct {
		Status string            `json:"status" enum:"ready,not ready"`
		Parts  map[string]string `json:"parts" doc:"Each part that is needed, ready or not ready"`
	}
	schemas := api.OpenAPI().Components.Schemas
	answer := func(description string, of reflect.Type) *huma.Response {
		return &huma.Response{Description: description,
			Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(of, true, "")}}}
	}
	api.OpenAPI().AddOperation(&huma.Operation{OperationID: "health", Method: http.MethodGet, Path: "/healthz",
		Tags: []string{"Probes"}, Summary: "Does the process live?",
		Responses: map[string]*huma.Response{"200": answer("It does", reflect.TypeFor[health]())}})
	api.OpenAPI().AddOperation(&huma.Operation{OperationID: "readiness", Method: http.MethodGet, Path: "/readyz",
		Tags: []string{"Probes"}, Summary: "Can requests be served?",
		Responses: map[string]*huma.Response{"200": answer("They can", reflect.TypeFor[readiness]()),
			"503": answer("A part is not ready", reflect.TypeFor[readiness]())}})
}

// Link describes that an answer of this status contains a value that other operations take as their parameter: the
// value's place in the body, as /items/0/id.
func Link(op *huma.Operation, status int, place, parameter string, others ...string) {
	code := strconv.Itoa(status)
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	if op.Responses[code] == nil {
		op.Responses[code] = &huma.Response{}
	}
	if op.Responses[code].Links == nil {
		op.Responses[code].Links = map[string]*huma.Link{}
	}
	for _, other := range others {
		op.Responses[code].Links[other] = &huma.Link{OperationID: other,
			Parameters: map[string]any{parameter: "$response.body#" + place}}
	}
}
