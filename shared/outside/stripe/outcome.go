package stripe

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	sdk "github.com/stripe/stripe-go/v82"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

const party = "stripe"

// Outcome is the error of an adapter for a request by this method that failed, where the failure is no answer:
//   - engine.Refused where the request itself is wrong: invalid, or its key was used for another one;
//   - else it is to be asked again under the same key: nothing was done, or the outcome is unknown.
//
// It repeats neither the request nor the answer, but the id under which Stripe's dashboard shows both.
func Outcome(method string, err error) error {
	said, ok := Said(err)
	if !ok {
		return outside.Unknown(party, method, outside.Broken(err))
	}
	switch said.HTTPStatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		err = fmt.Errorf("%s: %s: status %d: the key is not accepted, or not for this: replace the one in --stripe-key-file",
			party, method, said.HTTPStatusCode)
	case http.StatusPaymentRequired, http.StatusFailedDependency: // the request was valid
		err = outside.Unknown(party, method, fmt.Errorf("status %d", said.HTTPStatusCode))
	default:
		err = outside.Outcome(party, method, said.HTTPStatusCode, header(said))
	}
	if request.MatchString(said.RequestID) {
		err = fmt.Errorf("%w (Stripe's log has it as %s)", err, said.RequestID)
	}
	return err
}

// request is how Stripe names requests in its log.
var request = regexp.MustCompile(`^req_[A-Za-z0-9]{1,40}$`)

func header(e *sdk.Error) http.Header {
	if e.LastResponse == nil {
		return nil
	}
	return e.LastResponse.Header
}

// Said returns what Stripe itself said of a failure. An error that is not Stripe's says nothing.
func Said(err error) (*sdk.Error, bool) {
	var e *sdk.Error
	return e, errors.As(err, &e) && e.HTTPStatusCode >= 400
}

// Reused tells whether the idempotency key of the request was used for another one.
func Reused(err error) bool {
	e, ok := Said(err)
	return ok && e.HTTPStatusCode == http.StatusBadRequest && e.Type == sdk.ErrorTypeIdempotency
}

// Invalid tells whether Stripe refused the request as wrong, with one of these codes, or in this parameter.
func Invalid(err error, param string, codes ...sdk.ErrorCode) bool {
	e, ok := Said(err)
	return ok && e.Type == sdk.ErrorTypeInvalidRequest && slices.Contains([]int{400, 402, 404}, e.HTTPStatusCode) &&
		(slices.Contains(codes, e.Code) || param != "" && e.Param == param)
}

// Unclear is the error of an adapter for an answer that is neither a yes nor a no.
func Unclear(why string) error { return fmt.Errorf("%s: outcome unknown: %s", party, why) }

// Refused is the error of an adapter for an answer by which the request is refused as wrong.
func Refused(why string) error { return engine.Refused(fmt.Errorf("%s: refused: %s", party, why)) }
