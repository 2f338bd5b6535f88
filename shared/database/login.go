package database

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// AllowLogin lets a role log in with this password, of printable ASCII characters, and with no other. The role is that of a
// service, which Provision has made, or Reader. The server gets no password, only what proves it, so that no log of statements
// has one.
func AllowLogin(ctx context.Context, adminURL, role, password string) error {
	if strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r > '~' }) || password == "" {
		return errors.New("database: want a password of printable ASCII characters")
	}
	config, err := parse(adminURL)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return unreachable(config, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	proof, err := verifier(password)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("ALTER ROLE %s LOGIN PASSWORD '%s'", quote(role), proof)); err != nil {
		return fmt.Errorf("database: let %s log in: %w", role, err)
	}
	return nil
}

// verifier is what Postgres stores of a password (SCRAM-SHA-256, RFC 7677).
func verifier(password string) (string, error) {
	const iterations = 4096
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	sign := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, text(salt), text(stored[:]), text(sign("Server Key"))), nil
}

// AllowReading lets Reader read all tables that the session's role owns in these schemas, and all that it will make in any. It
// changes nothing once that is so.
func AllowReading(ctx context.Context, db *DB, schemas ...string) error {
	return Transact(ctx, db, func(tx *gorm.DB) error {
		// Processes of one service start side by side, and Postgres refuses the second of two that grant at the same time.
		if err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtext('orderflow: let ' || $1 || ' read'))`, Reader).Error; err != nil {
			return fmt.Errorf("database: wait to let %s read: %w", Reader, err)
		}
		var may bool
		if err := tx.Raw(`SELECT EXISTS (SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) a JOIN pg_roles g ON g.oid = a.grantee
			WHERE d.defaclrole = current_user::regrole AND g.rolname = $1)`, Reader).Row().Scan(&may); err != nil {
			return fmt.Errorf("database: look for the rights of %s: %w", Reader, err)
		}
		if may {
			return nil
		}
		statements := []string{"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO " + Reader}
		for _, schema := range schemas {
			statements = append(statements, fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s", quote(schema), Reader),
				fmt.Sprintf("GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s", quote(schema), Reader))
		}
		for _, sql := range statements {
			if err := tx.Exec(sql).Error; err != nil {
				return fmt.Errorf("database: let %s read: %w", Reader, err)
			}
		}
		return nil
	})
}

// AsCustomer runs fn in a transaction in which queries see only the rows of this customer, by the tables' policies, and can
// change nothing: a query that forgets its condition returns too little, not too much. A table without a grant to the
// customers' role cannot be read at all.
func AsCustomer(ctx context.Context, db *gorm.DB, customer string, fn func(tx *gorm.DB) error) error {
	pool, err := db.DB()
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return Pipeline(ctx, &DB{gorm: db, pool: pool}, func(tx *gorm.DB) error {
		err := Later(tx, Statement{Name: "become the customer", Args: []any{customer},
			SQL: `SELECT set_config('orderflow.customer', $1, true), set_config('role', current_database() || '_customer', true)`})
		if err != nil {
			return err
		}
		return fn(tx)
	})
}
