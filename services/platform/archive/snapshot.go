package archive

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/engine"
)

const (
	snapshotsFolder = "snapshots/"
	snapshotFormat  = "orderflow snapshot 1"
)

// Snapshot is the state of one service at one position: the header of the file, and the store that has its rows.
type Snapshot struct {
	Format     string           `json:"format"`
	Service    string           `json:"service"`
	At         time.Time        `json:"at"` // by the database's clock
	Build      string           `json:"build"`
	Partitions int              `json:"partitions"`
	Versions   map[string]int64 `json:"versions"` // by the table of migrations: engine_version, service_version
	Position   engine.Position  `json:"position"`
	LastIDs    map[int]string   `json:"last_ids"` // by partition: the service's last event, where its outbox still has it
	Series     map[string]int64 `json:"series"`   // the last number assigned in each series without gaps
	Tables     []Table          `json:"tables"`

	Name  string `json:"-"` // of the file
	store Store
}

// LastID is the event that the snapshot's position ends with on a topic partition, "" where it is not known.
func (s *Snapshot) LastID(topic string, partition int, own bool) string {
	if own {
		return s.LastIDs[partition]
	}
	return s.Position.Inputs[topic][partition].RecordID
}

// Table is a table in a snapshot, by the name in the engine's stores, with its columns except generated ones.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Taken describes a snapshot that was written.
type Taken struct {
	Service string    `json:"service"`
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Rows    int64     `json:"rows"`
	Bytes   int64     `json:"bytes"` // of rows, before compression
}

// Snapshots lists the names of a service's snapshots, the oldest first.
func Snapshots(ctx context.Context, store Store, service string) ([]string, error) {
	names, err := store.List(ctx, snapshotsFolder+service+"/")
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".snapshot") })
	return names, err
}

// build is the commit of this build, if known.
func build() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
		return info.Main.Version
	}
	return ""
}
