package openapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/shared/httpserver"
)

// faultMark begins the text of bodyFaults. huma keeps only the text of an error of unmarshalling, so the text has to
// carry the places.
const faultMark = "\x00faults"

type bodyFaults struct {
	Malformed bool
	Faults    []httpserver.Fault
}

func (f *bodyFaults) Error() string {
	text, _ := json.Marshal(f)
	return faultMark + string(text)
}

// install replaces huma's problems by ours, once: they are variables of its package.
var install = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, detail string, errs ...error) huma.StatusError {
		return problem(status, detail, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, detail string, errs ...error) huma.StatusError {
		if status >= http.StatusInternalServerError {
			// The server's log gets the details; the client does not.
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
		if err == nil {
			continue
		}
		found, malformed := faultsOf(err)
		faults = append(faults, found...)
		if malformed {
			status = http.StatusBadRequest
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

// faultsOf extracts place and message of an error, without the value, which may be the whole body.
func faultsOf(err error) (faults []httpserver.Fault, malformed bool) {
	message, location := err.Error(), ""
	var detailed huma.ErrorDetailer
	if errors.As(err, &detailed) {
		message, location = detailed.ErrorDetail().Message, detailed.ErrorDetail().Location
	}
	if name, ok := strings.CutPrefix(location, "query."); ok {
		location = "query." + httpserver.FieldName(name)
	}
	if text, ok := strings.CutPrefix(message, faultMark); ok {
		var body bodyFaults
		_ = json.Unmarshal([]byte(text), &body)
		return body.Faults, body.Malformed
	}
	if strings.HasPrefix(message, "invalid value: ") {
		// The rest is the text of some type's own parser, which may quote the value.
		message = "invalid value"
	}
	return []httpserver.Fault{{Detail: message, Location: location}}, false
}
