package replay

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/progress"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
	"orderflow.example/shared/tracing"
)

// Config is what is replayed, and its sources.
type Config struct {
	App        service.App
	Partitions int
	Postgres   string // the server's URL
	Log        eventlog.Log
	Patience   time.Duration     // how long to wait for a number that must be on the topic; 0 means 5 s
	Order      string            // only events of this key; "" is all
	Upto       Limit             // where it ends; the zero Limit is the end of the topics
	Archive    *archive.Log      // the source of records that left the topics; nil where nothing is archived
	Snapshot   *archive.Snapshot // the state to begin with; nil begins empty
	Fresh      bool              // tables of an earlier replay are dropped, not resumed
	Missing    bool              // a missing database is created
	Progress   progress.Progress
	Logger     *slog.Logger
	Traces     *tracing.Service // records spans, linked with the events' own; nil records none
}

// Limit ends a replay early.
type Limit struct {
	Time   time.Time // events decided later are left out
	Offset int64     // records of the service's own topic from this offset on are left out, in each partition
}

// Replay rebuilds one service. Close ends it; the tables it has built stay.
type Replay struct {
	Config
	live     *database.DB
	shadow   *shadow
	bindings []engine.Binding // the machines that are rebuilt, with stores in the shadow's tables
	shown    map[string]bool  // types of events of projections and lookups
	url      string           // of the service's database
	only     *sql.Conn        // holds the advisory lock
	scanned  *Scan
	firsts   sync.Map      // by stream, the first number on its topic
	gaps     map[int]int64 // by partition: the number after which events are missing in the outbox
}

// lockClass is the advisory lock of a replay in the service's database.
const lockClass = 0x7265706c

// Open connects to the service's database and takes the lock against other replays.
func Open(ctx context.Context, c Config) (*Replay, error) {
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	if c.Progress == nil {
		c.Progress = progress.Silent{}
	}
	if len(c.App.Bindings) == 0 {
		return nil, service.Usage("replay: %s has no tables: it reads the topics whenever it starts", c.App.Name)
	}
	r := &Replay{Config: c, bindings: engine.WithRebuiltLookups(c.App.Bindings), shown: map[string]bool{}}
	for _, b := range r.bindings {
		for _, row := range b.Machine.Rows {
			if row.Form == saga.Projection {
				r.shown[row.On.Name()] = true
			}
		}
	}
	err := r.open(ctx)
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Replay) open(ctx context.Context) error {
	there, err := database.Exists(ctx, r.Postgres, r.App.Name)
	if err != nil {
		return environment(err)
	}
	if !there {
		if !r.Missing {
			return service.Environment(
				"replay: there is no database of %s on this Postgres: `orderflow replay %[1]s --apply` creates it "+
					"and fills it from the topics", r.App.Name)
		}
		db, err := service.OpenDatabase(ctx, r.Postgres, r.App, r.Logger)
		if err != nil {
			return err
		}
		db.Close()
	}
	if r.url, err = database.Provision(ctx, r.Postgres, r.App.Name); err != nil {
		return environment(err)
	}
	if r.live, err = database.Open(ctx, database.Options{URL: r.url, MaxConns: 8, AppName: "orderflow-replay", Logger: r.Logger,
		SlowQuery: time.Minute}); err != nil {
		return environment(err)
	}
	if err := r.alone(ctx); err != nil {
		return err
	}
	if err := r.sameVersion(ctx); err != nil {
		return err
	}
	r.shadow, err = openShadow(ctx, r, r.url, shadowSchema)
	return err
}

// alone refuses a second replay of the service at the same time.
func (r *Replay) alone(ctx context.Context) (err error) {
	if r.only, err = r.live.Pool().Conn(ctx); err != nil {
		return environment(err)
	}
	var got bool
	if err := r.only.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, lockClass).Scan(&got); err != nil {
		return environment(err)
	}
	if !got {
		return service.Environment("replay: another replay of %s is under way: wait for it, or end it", r.App.Name)
	}
	return nil
}

// sameVersion refuses live tables of another version than this build's: the rebuilt tables could not be compared with them.
func (r *Replay) sameVersion(ctx context.Context) error {
	for _, set := range []struct {
		table string
		files fs.FS
	}{{"engine_version", engine.Migrations}, {"service_version", r.App.Migrations}} {
		if set.files == nil {
			continue
		}
		has, err := database.Version(ctx, r.live, set.table)
		if err != nil {
			return environment(err)
		}
		if want := newest(set.files); has != want {
			return service.Environment(
				"replay: the tables of %s are of version %d (%s), those of this build of %d: use the build that the "+
					"service runs, or bring the tables up with `orderflow migrate`", r.App.Name, has, set.table, want)
		}
	}
	return nil
}

// newest is the number of the newest migration.
func newest(files fs.FS) (n int64) {
	names, _ := fs.Glob(files, "*.sql")
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			n = max(n, v)
		}
	}
	return n
}

// Close ends the connections.
func (r *Replay) Close() error {
	var errs []error
	if r.only != nil {
		_ = r.only.Raw(func(any) error { return driver.ErrBadConn }) // the lock ends with its session
		r.only.Close()
	}
	if r.shadow != nil {
		errs = append(errs, r.shadow.db.Close())
	}
	if r.live != nil {
		errs = append(errs, r.live.Close())
	}
	return errors.Join(errs...)
}

// kind returns the type under which the service's machines know an event; nil where none does.
func (r *Replay) kind(name string) saga.Kind {
	for _, b := range r.bindings {
		if k := b.Machine.Kind(name); k != nil {
			return k
		}
	}
	return nil
}

// inputs are the topics of the service's projections and lookups.
func (r *Replay) inputs() (topics []string) {
	seen := map[string]bool{}
	for _, b := range r.bindings {
		for _, row := range b.Machine.Rows {
			if topic := saga.Topic(row.On.Name()); row.Form == saga.Projection && !seen[topic] {
				seen[topic] = true
				topics = append(topics, topic)
			}
		}
	}
	return topics
}

// concerns tells whether the event has the key that is replayed, or its correlation.
func (r *Replay) concerns(rec *kafka.Record) bool {
	return r.Order == "" || rec.Key == r.Order || rec.Correlation == r.Order
}
