// Package service builds a program from the other packages: configuration, exit codes, logs, metrics, secrets, and an
// orderly stop. It is the only package of shared that knows the others; none of them knows it.
//
// It decides nothing about any service. The commands of services and of the platform use it.
package service

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Config is everything an installation can choose. Each field is a flag, an environment variable (--data-dir is
// ORDERFLOW_DATA_DIR) and a key of orderflow.yaml (data-dir); the first of these that is given wins. Settings of one
// service alone are declared by its App: see Flag.
type Config struct {
	DataDir       string
	Kafka         []string // host:port; none means the embedded broker
	Postgres      string   // URL; empty means a private server
	KafkaSecurity KafkaSecurity
	HTTPAddr      string
	OpsAddr       string
	Partitions    int
	LogLevel      slog.Level
	LogFormat     string // text or json
	JWTKeyFile    string // empty means a key of its own under DataDir
	Services      []string
	Own           Settings // the settings that the services declare

	CORSOrigins     []string // of pages that may ask the customers' listener from a browser
	RatePerCustomer float64  // requests in a second; 0 is no limit
	RatePerAddress  float64
	TrustedProxies  []string // addresses or networks whose X-Forwarded-For is believed

	OutboxRetention  time.Duration // published events older than this leave the outbox
	ValidateProduced bool          // check every event against its schema before it is emitted

	OTLPEndpoint string  // URL of the collector of traces; empty: nothing is recorded
	TraceRatio   float64 // of the orders and requests that are recorded

	StopTimeout time.Duration // for stopping everything together; 0 means StopTimeout
}

// BindFlags adds the flags of Config and those of the services to the command and its subcommands. It panics if two
// declarations of one flag differ.
func BindFlags(cmd *cobra.Command, own ...Declared) {
	f := cmd.PersistentFlags()
	f.String("config", "", "configuration file (default orderflow.yaml in the working directory, if there)")
	f.String("data-dir", "./data", "directory for all data on this machine")
	f.StringSlice("kafka", nil, "brokers, host:port, comma-separated (default: an embedded broker)")
	bindKafkaSecurity(f)
	f.String("postgres", "",
		"URL of a Postgres server; with a password better given as ORDERFLOW_POSTGRES (default: a private server)")
	f.String("postgres-password-file", "", "file with the password of the user in --postgres")
	f.String("http-addr", "127.0.0.1:8080", "address of the customers' listener")
	f.String("ops-addr", "127.0.0.1:8081", "address of the operators' listener and metrics")
	f.Int("partitions", 4, "partitions of each topic; fixed once topics exist")
	f.String("log-level", "info", "debug, info, warn or error")
	f.String("log-format", "text", "text or json")
	f.String("jwt-key-file", "", "file with the key that signs tokens, at least 32 bytes (default: made under the data directory)")
	f.Duration("outbox-retention", 7*24*time.Hour,
		"published events older than this are deleted from the outboxes; a topic that lost them cannot be refilled")
	f.Bool("validate-produced", false, "check every event against its schema before it is emitted; an event that fails is parked")
	f.StringSlice("cors-origins", nil,
		"origins whose pages may call the customers' API from a browser, as https://shop.example, or * (default: none)")
	f.Float64("rate-per-customer", 0,
		"most requests of one customer in a second, in bursts of ten seconds' worth; more are answered 429; 0: no limit")
	f.Float64("rate-per-address", 0, "the same limit for one address, on the customers' listener")
	f.StringSlice("trusted-proxies", nil,
		"addresses or networks of proxies whose X-Forwarded-For is trusted for a caller's address (default: none)")
	f.String("otlp-endpoint", "",
		"URL of an OpenTelemetry collector or Jaeger to which traces are sent, as http://127.0.0.1:4318 (default: none are recorded)")
	f.Float64("trace-ratio", 0.1, "share of the orders and requests that are traced, 0 to 1; one that fails is from then on")
	f.Duration("stop-timeout", StopTimeout, "time to finish what is under way when stopped; what takes longer is cut off")
	f.StringSlice("services", nil, "run only these services, comma-separated (default: all)")
	for _, flag := range own {
		flag.bind(f)
	}
}

// Load reads the configuration of a command whose flags are parsed, and checks it. The error lists every mistake, in
// one line, and is an Exit with code 2.
func Load(cmd *cobra.Command) (Config, error) {
	faults := merge(cmd)
	f := cmd.Flags()
	var c Config
	// These fail only for flags that do not exist: the command lacks a call of BindFlags.
	keep := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	text := func(name string) string {
		s, err := f.GetString(name)
		keep(err)
		return s
	}
	list := func(name string) []string {
		l, err := f.GetStringSlice(name)
		keep(err)
		return trimmed(l)
	}
	c.DataDir, c.Kafka, c.Postgres = text("data-dir"), list("kafka"), text("postgres")
	c.KafkaSecurity = KafkaSecurity{CAFile: text("kafka-ca-file"), User: text("kafka-user"),
		PasswordFile: text("kafka-password-file")}
	if file := text("postgres-password-file"); file != "" {
		url, err := withPassword(c.Postgres, file)
		keep(err)
		c.Postgres = url
	}
	c.HTTPAddr, c.OpsAddr, c.LogFormat = text("http-addr"), text("ops-addr"), text("log-format")
	c.JWTKeyFile, c.Services = text("jwt-key-file"), list("services")
	var err error
	c.KafkaSecurity.TLS, err = f.GetBool("kafka-tls")
	keep(err)
	c.Partitions, err = f.GetInt("partitions")
	keep(err)
	c.OutboxRetention, err = f.GetDuration("outbox-retention")
	keep(err)
	c.StopTimeout, err = f.GetDuration("stop-timeout")
	keep(err)
	c.ValidateProduced, err = f.GetBool("validate-produced")
	keep(err)
	c.CORSOrigins, c.TrustedProxies = list("cors-origins"), list("trusted-proxies")
	c.RatePerCustomer, err = f.GetFloat64("rate-per-customer")
	keep(err)
	c.RatePerAddress, err = f.GetFloat64("rate-per-address")
	keep(err)
	c.OTLPEndpoint = strings.TrimRight(text("otlp-endpoint"), "/")
	c.TraceRatio, err = f.GetFloat64("trace-ratio")
	keep(err)
	if c.LogLevel.UnmarshalText([]byte(text("log-level"))) != nil {
		keep(errors.New("log-level: want debug, info, warn or error"))
	}
	own, wrong := settings(cmd)
	c.Own, faults = own, append(faults, wrong...)
	keep(c.Validate())
	if err := errors.Join(faults...); err != nil {
		return Config{}, Usage("configuration: %w", err)
	}
	return c, nil
}

var serviceName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Validate finds every setting that cannot work. It does not repeat values that may hold a password.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.DataDir != "", "data-dir: must not be empty")
	for _, broker := range c.Kafka {
		check(isAddress(broker, 1) && !strings.HasPrefix(broker, ":"), "kafka: %q is not host:port", broker)
	}
	c.KafkaSecurity.validate(check)
	check(c.Postgres == "" || isURL(c.Postgres, "postgres", "postgresql"),
		"postgres: want postgres://user:password@host:port/database")
	check(isAddress(c.HTTPAddr, 0), "http-addr: %q is not host:port", c.HTTPAddr)
	check(isAddress(c.OpsAddr, 0), "ops-addr: %q is not host:port", c.OpsAddr)
	check(c.HTTPAddr != c.OpsAddr || strings.HasSuffix(c.OpsAddr, ":0"), "ops-addr: must not be http-addr (%s)", c.HTTPAddr)
	check(c.Partitions >= 1 && c.Partitions <= 1024, "partitions: want 1 to 1024, not %d", c.Partitions)
	check(c.LogFormat == "text" || c.LogFormat == "json", "log-format: want text or json, not %q", c.LogFormat)
	check(c.OutboxRetention >= time.Minute, "outbox-retention: want at least 1m, not %v", c.OutboxRetention)
	check(c.StopTimeout == 0 || c.StopTimeout >= time.Second, "stop-timeout: want at least 1s, not %v", c.StopTimeout)
	for _, origin := range c.CORSOrigins {
		check(origin == "*" || isOrigin(origin), "cors-origins: %q is not scheme://host or scheme://host:port", origin)
	}
	check(c.RatePerCustomer >= 0 && c.RatePerCustomer <= 1e6, "rate-per-customer: want 0 to 1000000 requests in a second")
	check(c.RatePerAddress >= 0 && c.RatePerAddress <= 1e6, "rate-per-address: want 0 to 1000000 requests in a second")
	check(c.OTLPEndpoint == "" || isURL(c.OTLPEndpoint, "http", "https") && !strings.ContainsAny(c.OTLPEndpoint, "@?#"),
		"otlp-endpoint: want http://host:port or https://host:port; credentials go into OTEL_EXPORTER_OTLP_HEADERS")
	check(c.TraceRatio >= 0 && c.TraceRatio <= 1, "trace-ratio: want 0 to 1")
	_, err := networks(c.TrustedProxies)
	check(err == nil, "trusted-proxies: %v", err)
	seen := map[string]bool{}
	for _, name := range c.Services {
		check(serviceName.MatchString(name), "services: %q is not the name of a service", name)
		check(!seen[name], "services: %s is listed twice", name)
		seen[name] = true
	}
	return errors.Join(faults...)
}

func isAddress(s string, lowest int) bool {
	_, port, err := net.SplitHostPort(s)
	number, parse := strconv.ParseUint(port, 10, 16)
	return err == nil && parse == nil && int(number) >= lowest
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" && u.Query().Get("host") == "" {
		return false
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return true
		}
	}
	return false
}

// isOrigin tells whether the text is an origin as browsers write it: in lower case and without the default port.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && s == u.Scheme+"://"+strings.ToLower(u.Host)
}

// networks reads addresses and networks, as 10.0.0.7 and 10.0.0.0/8.
func networks(list []string) (all []netip.Prefix, err error) {
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network", text)
		}
		all = append(all, network)
	}
	return all, nil
}

func trimmed(list []string) (out []string) {
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
