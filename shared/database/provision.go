package database

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

var serviceName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Reader is the role that may read all services' databases, and change nothing: of those who compare the services with one
// another.
const Reader = "orderflow_reader"

// customerRole is the role whose queries see only the rows of one customer: see AsCustomer.
func customerRole(database string) string { return database + "_customer" }

// Provision makes sure that the server has the role and the database orderflow_<service>, without rights for anyone else
// but Reader, and returns the database's URL, in which every session runs with that role's rights. It changes nothing when
// they exist, and any number of processes may call it at once. The user of adminURL must be allowed to create roles and
// databases.
//
// If the user is the service's own, or Reader, nothing is made, and sessions have that user's rights: the database must be
// there.
//
// A session that needs the login's own rights uses SET ROLE NONE; RESET ROLE returns to the service's role.
//
// Text is compared byte by byte (collation C): the same order on every machine, and faster.
func Provision(ctx context.Context, adminURL, service string) (string, error) {
	if !serviceName.MatchString(service) {
		return "", fmt.Errorf("database: service name %q: want a lower-case letter, then letters, digits or _", service)
	}
	name := "orderflow_" + service
	own, admin, err := ownURL(adminURL, name)
	if err != nil || !admin {
		return own, err
	}
	config, err := parse(adminURL)
	if err != nil {
		return "", err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return "", unreachable(config, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	done, err := provisioned(ctx, conn, name)
	if err != nil || done {
		return own, err
	}
	err = acquire(ctx, func() (got bool, err error) {
		err = conn.QueryRow(ctx, tryLock, lockKey("provision")).Scan(&got)
		return got, err
	})
	if err != nil {
		return "", fmt.Errorf("database: provision %s: %w", name, err)
	}
	if err := provision(ctx, conn, name); err != nil {
		return "", err
	}
	return own, nil
}

// Exists tells whether the server has the service's database. It creates nothing.
func Exists(ctx context.Context, adminURL, service string) (there bool, err error) {
	config, err := parse(adminURL)
	if err != nil {
		return false, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, unreachable(config, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, "orderflow_"+service).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("database: look for orderflow_%s: %w", service, err)
	}
	return there, nil
}

// ownURL returns the URL with another database, and with its role if the user is the server's administrator.
func ownURL(adminURL, name string) (own string, admin bool, err error) {
	u, err := url.Parse(adminURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		_, err := parse("")
		return "", false, err
	}
	user := u.User.Username()
	admin = user != name && user != Reader
	u.Path = "/" + name
	query := u.Query()
	query.Del("database")
	query.Del("dbname")
	if admin {
		query.Set("options", strings.TrimSpace(query.Get("options")+" -c role="+name))
	}
	// libpq does not read + as a space.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String(), admin, nil
}

// provisioned tells whether roles and database exist, Reader may connect, and PUBLIC has no right on the database.
func provisioned(ctx context.Context, conn *pgx.Conn, name string) (done bool, err error) {
	err = conn.QueryRow(ctx, `SELECT EXISTS (
		SELECT FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
		WHERE d.datname = $1 AND r.rolname = $1 AND NOT EXISTS (
			SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WHERE grantee = 0) AND EXISTS (
			SELECT FROM aclexplode(d.datacl) a JOIN pg_roles g ON g.oid = a.grantee WHERE g.rolname = $3)
		) AND EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles c ON c.oid = m.roleid JOIN pg_roles o ON o.oid = m.member
			WHERE c.rolname = $2 AND o.rolname = $1)`, name, customerRole(name), Reader).Scan(&done)
	if err != nil {
		return false, fmt.Errorf("database: look for %s: %w", name, err)
	}
	return done, nil
}

func provision(ctx context.Context, conn *pgx.Conn, name string) error {
	var role, member, database, customer, reader bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
			OR coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1), false),
		EXISTS (SELECT FROM pg_database WHERE datname = $1),
		EXISTS (SELECT FROM pg_roles WHERE rolname = $2), EXISTS (SELECT FROM pg_roles WHERE rolname = $3)`,
		name, customerRole(name), Reader).Scan(&role, &member, &database, &customer, &reader)
	if err != nil {
		return fmt.Errorf("database: look for %s: %w", name, err)
	}
	steps := []struct {
		needed bool
		sql    string // of the database, its customers' role, and Reader
	}{
		{!role, "CREATE ROLE %[1]s NOLOGIN"},
		{!member, "GRANT %[1]s TO CURRENT_USER"},
		{!customer, "CREATE ROLE %[2]s NOLOGIN"},
		{!reader, "CREATE ROLE %[3]s NOLOGIN"},
		{true, "GRANT %[2]s TO %[1]s"}, // the administrator, being a member of the one, is so of the other
		{!database, "CREATE DATABASE %[1]s OWNER %[1]s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'"},
		{database, "ALTER DATABASE %[1]s OWNER TO %[1]s"},
		{true, "REVOKE ALL ON DATABASE %[1]s FROM PUBLIC"},
		{true, "GRANT CONNECT ON DATABASE %[1]s TO %[3]s"},
	}
	for _, step := range steps {
		if !step.needed {
			continue
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf(step.sql, quote(name), quote(customerRole(name)), quote(Reader))); err != nil {
			return fmt.Errorf("database: provision %s: may the user of the URL create roles and databases? %w", name, err)
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier(strings.Split(name, ".")).Sanitize() }
