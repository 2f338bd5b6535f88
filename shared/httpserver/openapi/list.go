package openapi

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// Paged are the parameters of a list, for its In beside filters of its own.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"1400" doc:"The next_cursor of the page before"`
}

// Body is an Out with nothing but a body.
type Body[T any] struct{ Body T }

// OrCSV describes that a list may be read as CSV too.
func OrCSV(op huma.Operation) huma.Operation {
	op.Responses = map[string]*huma.Response{strconv.Itoa(http.StatusOK): {Content: map[string]*huma.MediaType{
		"application/json": {}, "text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	return op
}
