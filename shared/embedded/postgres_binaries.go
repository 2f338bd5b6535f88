package embedded

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first version of PostgreSQL that the services' statements are tested on.
const oldest = 15

// The directories of packages that keep the programs out of PATH.
var packaged = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // Red Hat, from postgresql.org
	"/usr/libexec/postgresql*",           // Alpine
	"/opt/homebrew/opt/postgresql@*/bin", // macOS
	"/usr/local/opt/postgresql@*/bin",
}

// findBinaries returns a directory with the programs of a PostgreSQL that account can run: of version major if there is
// data of that version, else the newest on the machine, else a downloaded one.
func findBinaries(ctx context.Context, a account, major string, cfg PostgresConfig) (string, error) {
	type found struct {
		dir   string
		major int
	}
	var all []found
	for _, dir := range candidates(ctx) {
		if v := versionOf(ctx, a, dir); v >= oldest && (major == "" || major == strconv.Itoa(v)) {
			all = append(all, found{dir, v})
		}
	}
	if len(all) > 0 {
		return slices.MaxFunc(all, func(a, b found) int { return a.major - b.major }).dir, nil
	}
	dir, err := fetchBinaries(ctx, mavenCentral, major, cfg)
	if err == nil && versionOf(ctx, a, dir) < oldest {
		err = fmt.Errorf("the programs in %s do not run here", dir)
	}
	if err != nil {
		want := fmt.Sprintf("PostgreSQL %d or newer", oldest)
		if major != "" {
			want = "PostgreSQL " + major + ", which made this directory"
		}
		return "", fmt.Errorf("found no programs of %s, and cannot download them: %w; install the package postgresql, "+
			"or give the address of a server with --postgres", want, err)
	}
	return dir, nil
}

// candidates are the directories to try. Links are followed: a single link to initdb has the other programs in its
// target's directory.
func candidates(ctx context.Context) []string {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range packaged {
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// versionOf is the major version of the programs in dir, or 0 if they are incomplete, are wrapper scripts, or do not run
// under the account.
func versionOf(ctx context.Context, a account, dir string) int {
	for _, name := range []string{"initdb", "postgres"} {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return 0
		}
		start := make([]byte, 2)
		_, err = file.Read(start)
		file.Close()
		if err != nil || bytes.Equal(start, []byte("#!")) {
			return 0
		}
	}
	cmd, release, err := a.command(ctx, "/", filepath.Join(dir, "postgres"), func(string) []string { return []string{"--version"} })
	if err != nil {
		return 0
	}
	defer release()
	runtime.LockOSThread() // the program ends with the thread that started it
	defer runtime.UnlockOSThread()
	out, err := cmd.Output()
	if err != nil {
		return 0
	}
	_, version, _ := strings.Cut(string(out), "(PostgreSQL) ")
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		return 0
	}
	major, _ := strconv.Atoi(version[:digits])
	return major
}
