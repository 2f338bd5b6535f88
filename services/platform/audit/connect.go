package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// Connection holds the databases that the checks read.
type Connection struct {
	Databases map[string]*database.DB // of the services that have one, by name
	Book      Book                    // of the simulated gateway; nil where there is none
	Mails     Mails                   // of the simulated mail server; the same
	Missing   []string                // services whose database is not there

	world *database.DB
}

// Connect opens the databases of these services on a server, and that of the simulated world. It creates none.
func Connect(ctx context.Context, postgres string, apps []service.App, world string) (c *Connection, err error) {
	there, err := databases(ctx, postgres)
	if err != nil {
		return nil, err
	}
	c = &Connection{Databases: map[string]*database.DB{}}
	open := func(name string) *database.DB {
		if err != nil || !there["orderflow_"+name] {
			return nil
		}
		var url string
		if url, err = database.Provision(ctx, postgres, name); err != nil {
			return nil
		}
		var db *database.DB
		db, err = database.Open(ctx, database.Options{URL: url, MaxConns: 2, AppName: "orderflow-verify"})
		return db
	}
	for _, app := range apps {
		if len(app.Bindings) == 0 {
			continue
		}
		if db := open(app.Name); db != nil {
			c.Databases[app.Name] = db
		} else {
			c.Missing = append(c.Missing, app.Name)
		}
	}
	if c.world = open(world); c.world != nil {
		c.Book, c.Mails = BookIn(c.world), MailsIn(c.world)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Whole is an error that names the missing databases; nil if there are none.
func (c *Connection) Whole() error {
	if len(c.Missing) == 0 {
		return nil
	}
	return fmt.Errorf("there is no database of %s on this Postgres: run `orderflow up` or `orderflow migrate` with it first",
		strings.Join(c.Missing, ", "))
}

// Close ends the connections.
func (c *Connection) Close() error {
	var errs []error
	for _, db := range c.Databases {
		errs = append(errs, db.Close())
	}
	if c.world != nil {
		errs = append(errs, c.world.Close())
	}
	return errors.Join(errs...)
}

// databases are the names of those on the server. Opening a missing one would create it.
func databases(ctx context.Context, url string) (map[string]bool, error) {
	db, err := database.Open(ctx, database.Options{URL: url, MaxConns: 2, AppName: "orderflow-verify"})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var names []string
	if err := db.Gorm().WithContext(ctx).Raw(`SELECT datname FROM pg_database`).Scan(&names).Error; err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	return there, nil
}
