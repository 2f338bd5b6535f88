package api

import (
	"context"
	"errors"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

// unavailable tells a client to come back where a part is down or slow; other errors stay what they are.
func unavailable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, database.ErrCommitUnknown) || database.IsConnection(err) ||
		errors.Is(err, engine.ErrStopped) || errors.Is(err, engine.ErrParked) {
		return httpserver.Unavailable()
	}
	return err
}
