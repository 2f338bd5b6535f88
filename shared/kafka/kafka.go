// Package kafka wraps kafka-go, reduced to the engine's needs: a CRC-checked fetch of many partitions in one long poll,
// an idempotent producer, topic administration, and CloudEvents in binary mode.
//
// It has no consumer group, no reader that prefetches and no writer that lingers: the engine decides in the database who
// owns a partition, at which offset it continues and what is published again. The engine is the only regular user beside
// the tracker, which reads everything and owns nothing. Services with machines never import it.
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/sasl"
)

// Config is the configuration of a connection to a cluster.
type Config struct {
	Brokers  []string       // host:port, at least one; the others are learned from it
	ClientID string         // shown in the brokers' logs and quotas
	TLS      *tls.Config    // nil: plain text
	SASL     sasl.Mechanism // nil: no authentication

	// PartitionBytes bounds what one fetch returns per partition; 0 means 512 KiB. A single larger batch still arrives whole.
	PartitionBytes int

	// Log receives messages for operators. nil means none.
	Log *slog.Logger

	// Now is the clock for the timestamps of published records. nil means the machine's.
	Now func() time.Time

	// Dial replaces the TCP dialer, for simulated networks. nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	defaultPartitionBytes = 512 << 10
	fetchPartitions       = 4 // a whole fetch response is bounded by this many times PartitionBytes

	dialTimeout    = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	metadataTTL    = 10 * time.Second // an upper bound; errors that hint at stale metadata refresh it at once
	refreshGap     = 250 * time.Millisecond
	refreshTimeout = time.Second
	requestTimeout = 10 * time.Second // on top of the time a broker is asked to wait
)

// Client talks to one cluster. It is safe for concurrent use.
type Client struct {
	config    Config
	addr      net.Addr
	transport *kafkago.Transport
	admin     *kafkago.Client
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	exchanges atomic.Int32 // correlation ids

	mu          sync.Mutex
	refreshed   time.Time
	reconnected time.Time
	parked      []*poll
}

// Dial prepares a client. It does no I/O: an unreachable cluster is noticed by the first call, or by Ping.
func Dial(config Config) *Client {
	if config.PartitionBytes <= 0 {
		config.PartitionBytes = defaultPartitionBytes
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if len(config.Brokers) == 0 {
		config.Brokers = []string{"localhost:9092"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{config: config, addr: kafkago.TCP(config.Brokers...), ctx: ctx, cancel: cancel}
	dial := config.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	c.transport = &kafkago.Transport{
		Dial:        dial,
		DialTimeout: dialTimeout,
		IdleTimeout: idleTimeout,
		MetadataTTL: metadataTTL,
		ClientID:    config.ClientID,
		TLS:         config.TLS,
		SASL:        config.SASL,
		Context:     ctx,
	}
	c.admin = &kafkago.Client{Addr: c.addr, Transport: c.transport, Timeout: 30 * time.Second}
	return c
}

// Close closes idle connections and ends the background work; calls in flight fail or finish on their own.
func (c *Client) Close() {
	c.cancel()
	c.transport.CloseIdleConnections()
}

// Ping checks that a broker answers. Its error is one line and names the brokers.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout+time.Second)
	defer cancel()
	_, err := c.exchange(ctx, anyBroker, &apiversions.Request{})
	if err == nil {
		return nil
	}
	hint := "is it running, and is the address right?"
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		hint = "is the CA file the one of its certificates?"
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer in time (%w)", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, kafkago.SASLAuthenticationFailed):
		hint = "are TLS and the credentials as the broker expects them?"
	}
	return fmt.Errorf("kafka at %s cannot be reached: %w; %s", strings.Join(c.config.Brokers, ","), err, hint)
}
