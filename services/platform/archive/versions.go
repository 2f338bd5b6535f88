package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Fits returns an error, with what to do, unless a database's schemas have the versions of the snapshot.
func (s *Snapshot) Fits(versions map[string]int64) error {
	if maps.Equal(s.Versions, versions) {
		return nil
	}
	return fmt.Errorf("it was taken of tables of version %s, by build %q, and here they have version %s: use a snapshot of "+
		"this version, "+
		"or rebuild from the topics without one, or restore it with the build that took it and let `orderflow migrate` "+
		"bring it up to date",
		versionText(s.Versions), s.Build, versionText(versions))
}

func versionText(v map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		parts = append(parts, fmt.Sprintf("%s %d", strings.TrimSuffix(name, "_version"), v[name]))
	}
	return strings.Join(parts, ", ")
}

// versions are the schemas' newest migrations, by the table that records them.
func versions(ctx context.Context, conn *pgx.Conn) (map[string]int64, error) {
	all := map[string]int64{}
	for _, table := range []string{"engine_version", "service_version"} {
		var known bool
		var version int64
		err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, "public."+table).Scan(&known)
		if err == nil && known {
			err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM public.`+table+` WHERE is_applied`).Scan(&version)
		}
		if err != nil {
			return nil, fmt.Errorf("read the versions of the tables: %w", err)
		}
		all[table] = version
	}
	return all, nil
}
