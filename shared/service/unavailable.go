package service

import (
	"context"
	"errors"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

// Unavailable turns the error of a part that is down or slow into a 503 with Retry-After; other errors are returned as they are.
func Unavailable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, database.ErrCommitUnknown) || database.IsConnection(err) ||
		errors.Is(err, engine.ErrStopped) || errors.Is(err, engine.ErrParked) {
		return httpserver.Unavailable()
	}
	return err
}
