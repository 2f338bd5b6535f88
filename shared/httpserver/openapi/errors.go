package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/shared/httpserver"
)

// faultMark begins the text of faultsError. huma keeps only the text of an error of unmarshalling, so that the places
// have to travel in it.
const faultMark = "\x00faults"

type faultsError []httpserver.Fault

func (f faultsError) Error() string {
	text, _ := json.Marshal([]httpserver.Fault(f))
	return faultMark + string(text)
}

// install puts our problems in the place of huma's, once: they are variables of its package.
var install = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		return problem(status, detail, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, detail string, errs ...error) huma.StatusError {
		if status >= http.StatusInternalServerError {
			// For the log of the server; the client learns nothing.
			_ = humagin.Unwrap(ctx).Error(errors.Join(append(errs, errors.New(detail))...))
		}
		return problem(status, detail, errs)
	}
})

func problem(status int, detail string, errs []error) *httpserver.Problem {
	if status >= http.StatusInternalServerError {
		p := httpserver.Internal()
		if status == http.StatusServiceUnavailable {
			p = httpserver.Unavailable()
		}
		return p
	}
	var faults []httpserver.Fault
	for _, err := range errs {
		if err != nil {
			faults = append(faults, faultsOf(err)...)
		}
	}
	switch status {
	case http.StatusUnprocessableEntity:
		if len(faults) > 0 {
			return httpserver.Invalid(faults...)
		}
	case http.StatusBadRequest:
		if len(faults) > 0 {
			return httpserver.Malformed(faults...)
		}
	case http.StatusUnsupportedMediaType:
		return httpserver.NewProblem(status, slugs[status], "send the body as application/json")
	}
	slug := slugs[status]
	if slug == "" {
		slug = strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "-"))
	}
	return httpserver.NewProblem(status, slug, detail, faults...)
}

// faultsOf takes place and message of an error; the value, which may be the whole body, stays behind.
func faultsOf(err error) []httpserver.Fault {
	message, location := err.Error(), ""
	var detailed huma.ErrorDetailer
	if errors.As(err, &detailed) {
		message, location = detailed.ErrorDetail().Message, detailed.ErrorDetail().Location
	}
	if text, ok := strings.CutPrefix(message, faultMark); ok {
		var faults []httpserver.Fault
		_ = json.Unmarshal([]byte(text), &faults)
		return faults
	}
	if strings.HasPrefix(message, "invalid value: ") {
		// What follows is the text of some type's own parser, which may quote the value.
		message = "invalid value"
	}
	if message == "expected integer" {
		message = "expected integer, written without fraction or exponent"
	}
	return []httpserver.Fault{{Detail: message, Location: location}}
}

func decodeNumbers(body []byte, tree *any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decoder.Decode(tree)
}
