package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// KafkaConfig is the configuration of the broker: its directory and its address.
type KafkaConfig struct {
	Dir        string       // its own directory, made if missing
	Addr       string       // loopback host:port; default 127.0.0.1:0, and port 0 means the same port at every start
	Partitions int          // of a topic created without a partition count; default 12
	Logger     *slog.Logger // default: nothing is logged

	// NoSync leaves syncing to the operating system: acknowledged records survive the end of this process but not a power
	// failure, after which the outboxes must publish them again.
	NoSync bool

	flush func(*os.File) error // for tests; default (*os.File).Sync
}

// Kafka is a single broker inside this process. Acknowledged records are on the disk, and nothing is deleted unless a
// topic asks for it (retention.ms or retention.bytes in the topic's own configuration).
type Kafka struct {
	cluster  *kfake.Cluster
	segments *segments // nil when nothing is synced
	lock     io.Closer
	addr     string
	log      *kafkaLog
	close    sync.Once
	err      error
}

// StartKafka starts the broker on the records in cfg.Dir. Topics are not created automatically.
func StartKafka(ctx context.Context, cfg KafkaConfig) (*Kafka, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = 12
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded Kafka: %w", err)
	}
	lock, err := flock(cfg.Dir, "embedded Kafka's directory")
	if err != nil {
		return nil, err
	}
	listener, err := listenRemembered(cfg.Dir, cfg.Addr)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("embedded Kafka: %w", err)
	}
	log := &kafkaLog{to: cfg.Logger}
	var written *segments
	if !cfg.NoSync {
		written = newSegments(filepath.Join(cfg.Dir, "log"))
		if cfg.flush != nil {
			written.flush = cfg.flush
		}
		listener = &syncedListener{listener, written}
	}
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("orderflow"),
		kfake.DataDir(filepath.Join(cfg.Dir, "log")),
		kfake.DefaultNumPartitions(cfg.Partitions),
		kfake.BrokerConfigs(brokerSettings),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.WithLogger(log),
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		listener.Close()
		lock.Close()
		return nil, fmt.Errorf("embedded Kafka cannot open %s: %w; restore the directory, or remove it: "+
			"the services publish again what they still have", cfg.Dir, err)
	}
	// At start the broker reads every record once; that memory is not needed again.
	debug.FreeOSMemory()
	return &Kafka{cluster: cluster, segments: written, lock: lock, addr: listener.Addr().String(), log: log}, nil
}

var brokerSettings = map[string]string{
	// As soon as one topic has a retention of its own, the broker applies its defaults of seven days to all others.
	"log.retention.ms":    "-1",
	"log.retention.bytes": "-1",
	// Committed offsets of a service that was off for weeks: ten years, in minutes.
	"offsets.retention.minutes": "5256000",
	// A segment is read whole at start.
	"log.segment.bytes": "16777216",
}

// Addr is the host:port for clients.
func (k *Kafka) Addr() string { return k.addr }

// Close stops the broker. After it, the next start need not scan the records for a torn end.
func (k *Kafka) Close() error {
	k.close.Do(func() {
		k.log.takeError()
		k.cluster.Close()
		k.err = k.log.takeError()
		if k.segments != nil {
			k.err = errors.Join(k.err, k.segments.close())
		}
		k.err = errors.Join(k.err, k.lock.Close())
	})
	return k.err
}

// kafkaLog passes on the broker's warnings and keeps its last error, which its Close does not return.
type kafkaLog struct {
	to  *slog.Logger
	mu  sync.Mutex
	err error
}

func (l *kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level == kfake.LogLevelNone || level > kfake.LogLevelWarn {
		return
	}
	text := fmt.Sprintf(format, args...)
	if level == kfake.LogLevelWarn {
		l.to.Warn("embedded kafka: " + text)
		return
	}
	l.to.Error("embedded kafka: " + text)
	l.mu.Lock()
	l.err = errors.New("embedded Kafka: " + text)
	l.mu.Unlock()
}

func (l *kafkaLog) takeError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.err
	l.err = nil
	return err
}
