package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const mavenCentral = "https://repo1.maven.org/maven2"

// The downloadable version of each major version.
var downloads = map[string]embeddedpostgres.PostgresVersion{
	"":   embeddedpostgres.V18,
	"18": embeddedpostgres.V18,
	"17": embeddedpostgres.V17,
	"16": embeddedpostgres.V16,
	"15": embeddedpostgres.V15,
}

// fetchBinaries downloads the programs into the cache, unless they are there, and returns their directory.
func fetchBinaries(ctx context.Context, repository, major string, cfg PostgresConfig) (string, error) {
	version, ok := downloads[major]
	if !ok {
		return "", fmt.Errorf("PostgreSQL %s is not offered for download", major)
	}
	cache, err := cacheDir(cfg)
	if err != nil {
		return "", err
	}
	final := filepath.Join(cache, fmt.Sprintf("postgres-%s-%s-%s", version, runtime.GOOS, runtime.GOARCH))
	bin := filepath.Join(final, "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(cache, 0o755); err != nil {
			return "", err
		}
	}
	unfinished, err := os.MkdirTemp(cache, "unfinished-")
	if err != nil {
		return "", err
	}
	cfg.Logger.Info("downloading postgres", "version", string(version), "from", repository, "to", final)
	failed := make(chan error, 1)
	go func() {
		err := extract(unfinished, repository, version)
		if err == nil {
			err = os.Rename(filepath.Join(unfinished, "programs"), final)
		}
		if _, statErr := os.Stat(bin); statErr == nil {
			err = nil // another process may have been faster
		}
		_ = os.RemoveAll(unfinished)
		failed <- err
	}()
	select {
	case err := <-failed:
		return bin, err
	case <-ctx.Done():
		return "", fmt.Errorf("the download did not end in time: %w", ctx.Err())
	}
}

// extract uses the library's only entry point: a start. It downloads, checks the checksum, unpacks and only then looks at
// the data directory, which it cannot start.
func extract(dir, repository string, version embeddedpostgres.PostgresVersion) error {
	programs, data := filepath.Join(dir, "programs"), filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(version), 0o644); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	err = embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).BinaryRepositoryURL(repository).CachePath(dir).BinariesPath(programs).
		RuntimePath(filepath.Join(dir, "run")).DataPath(data).Port(port).
		StartTimeout(time.Millisecond).Logger(io.Discard)).Start()
	if _, statErr := os.Stat(filepath.Join(programs, "bin", "postgres")); statErr == nil {
		return openToAll(programs)
	}
	if err == nil {
		err = errors.New("the archive holds no postgres")
	}
	return err
}

// openToAll lets every account read and run the files that we can, whatever the umask removed.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		own := info.Mode().Perm() & 0o500
		return os.Chmod(path, info.Mode().Perm()|own>>3|own>>6)
	})
}

// cacheDir must be accessible to the account that runs Postgres, so root's is not below /root.
func cacheDir(cfg PostgresConfig) (string, error) {
	if cfg.CacheDir != "" {
		return filepath.Abs(cfg.CacheDir)
	}
	if os.Geteuid() == 0 {
		return "/var/cache/orderflow", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory: %w", err)
	}
	return filepath.Join(cache, "orderflow"), nil
}

func freePort() (uint32, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return uint32(l.Addr().(*net.TCPAddr).Port), nil
}
