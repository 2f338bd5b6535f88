package service

import (
	"encoding/json"
	"errors"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// Refused checks an event that a command would emit against the event's contract, before the engine could only park it:
// it returns nil, or a problem that names the place in the request's body. It is the last line of defence: the checks of
// the API should have found the same.
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
