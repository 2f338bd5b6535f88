package engine

import "errors"

// Refused is the error of an adapter whose request the outside refuses for good, for a mistake of ours: asking again
// would not help. It parks the call until an operator redrives it.
func Refused(err error) error { return refused{err} }

// IsRefused tells whether the outside refused the request itself for good.
func IsRefused(err error) bool { return errors.As(err, new(refused)) }

type refused struct{ error }

func (r refused) Unwrap() error { return r.error }
