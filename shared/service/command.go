package service

import (
	"encoding/json"
	"errors"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// Refused holds what a command would have said against the contract of that event, before the engine could only park
// it: nil, or the problem with the place in the request's body. It is what stands behind the checks of an API, which are
// to find the same.
func Refused(kind saga.Kind, payload any) *httpserver.Problem {
	data, err := json.Marshal(payload)
	if err == nil {
		err = kind.Check(data)
	}
	if err == nil {
		return nil
	}
	f := httpserver.Fault{Detail: "the value does not fit", Location: "body"}
	var at *contract.Fault
	if errors.As(err, &at) {
		f.Detail = at.Text
		if at.Place != "" {
			f.Location += "." + at.Place
		}
	}
	return httpserver.Invalid(f)
}
