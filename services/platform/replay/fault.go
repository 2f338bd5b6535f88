package replay

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// environment gives the error its exit code, and advice where the server cannot go on. A full disk has two faces: the server
// refuses to let a table grow, and goes on; or it cannot write its log, ends all sessions, and starts again once there is room.
func environment(err error) error {
	var exit *service.Exit
	var pg *pgconn.PgError
	switch {
	case err == nil || errors.As(err, &exit):
		return err
	case errors.As(err, &pg) && pg.Code == "53100":
		return service.Environment("replay: the server's disk is full; live tables are untouched. Make room, or drop the schema %s, "+
			"and run the same command again: %w", shadowSchema, err)
	case database.IsConnection(err) && !errors.Is(err, context.Canceled):
		return service.Environment("replay: the database's server went away or takes no more work: its log says why, as that the "+
			"disk of its write-ahead log is full; live tables are whole. Once it is up, run the same command again: %w", err)
	}
	return service.Environment("replay: %w", err)
}
