// Package httpserver is a gin server with safe defaults: time-outs, bounded bodies and headers, no trusted proxies,
// refusals as problem documents that never repeat the request, metrics and readiness. Beside it are the parts that
// handlers need: strict JSON, tokens, entity tags, cursors and server-sent events.
//
// It has no routes of its own but /healthz and /readyz, and no idea what the routes are about. Every service with an
// API uses it; its subpackage openapi describes such an API.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/shared/tracing"
)

// Options configure a Server. Only Addr is needed.
type Options struct {
	// Addr is host:port to listen on; port 0 takes a free one.
	Addr string
	// Flag names the setting behind Addr, for the message when it is taken: "--http-addr".
	Flag string
	// Name appears in logs.
	Name   string
	Logger *slog.Logger
	// Registerer registers orderflow_http_seconds; nil means no metrics.
	Registerer prometheus.Registerer
	// Traces records the spans of requests; nil records none.
	Traces *tracing.Service
	// BodyLimit is the largest body of a request, in bytes; 0 means 64 KiB. RouteBodyLimits replaces it per route pattern.
	BodyLimit       int64
	RouteBodyLimits map[string]int64
	// Uninspected are route patterns whose bodies are not searched for card numbers. They are for machines that send
	// generated references: one in some thousands of hexadecimal ones looks like a card number.
	Uninspected []string
	// Admit is called for each request with a body before the body is read, except on the routes Uninspected; nil admits
	// all.
	Admit func(*gin.Context) *Problem
	// Origins are the origins whose pages may send requests from a browser (CORS), as in https://shop.example, or "*";
	// none by default.
	Origins []string
	// CheckHost refuses requests for another host than this listener is for, as a page of a stranger sends them whose name
	// resolves to this machine (DNS rebinding). On a loopback address that is any name but localhost, loopback addresses, Hosts
	// and Proxied; elsewhere any but Hosts and Proxied, and none where Hosts is empty.
	CheckHost bool
	Hosts     []string
	Proxied   string // the name by which a proxy is asked that passes requests on
	// PerAddress is how many requests one address may send in a second, in bursts of ten seconds' worth; 0 is no limit.
	PerAddress float64
	// TrustedProxies are the proxies whose X-Forwarded-For is trusted; none by default.
	TrustedProxies []netip.Prefix
	// Ready are the parts that /readyz checks.
	Ready []Part
}

// Server is one listener with its routes.
type Server struct {
	options Options
	log     *slog.Logger
	engine  *gin.Engine
	http    *http.Server
	failed  chan error
	streams context.Context
}

// New builds the server; routes are added to Engine before Start.
func New(o Options) *Server {
	gin.SetMode(gin.ReleaseMode)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = 64 << 10
	}
	streams, endStreams := context.WithCancel(context.Background())
	log := slog.New(LogRequests(o.Logger.Handler())).With("server", o.Name)
	s := &Server{options: o, log: log, engine: gin.New(), failed: make(chan error, 1), streams: streams}
	_ = s.engine.SetTrustedProxies(nil) // callerAddress reads all lines of the header, gin only the first
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.engine.UseRawPath = true
	s.engine.UnescapePathValues = false // prepare does, without taking + for a space
	s.engine.ContextWithFallback = true
	s.engine.Use(s.trace, s.observe(), s.recover(), s.prepare(), s.host(), s.cors(), s.limitAddresses(), refuseUnreadable,
		tagAnswers, s.body())
	s.engine.NoRoute(func(c *gin.Context) { WriteProblem(c, NotFound("there is no such resource")) })
	s.engine.NoMethod(otherMethod)
	s.engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	s.engine.GET("/readyz", s.readyz)
	s.http = &http.Server{
		Handler:           methods(compressed(s.engine)),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), streamsKey{}, streams)
		},
	}
	s.http.RegisterOnShutdown(endStreams)
	return s
}

// Engine takes routes and middleware, before Start.
func (s *Server) Engine() *gin.Engine { return s.engine }

// Start listens and serves in the background. It returns the address it listens on.
func (s *Server) Start() (addr string, err error) {
	listener, err := net.Listen("tcp", s.options.Addr)
	if err != nil {
		return "", s.listenError(err)
	}
	go func() {
		if err := s.http.Serve(problems{listener}); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("httpserver: %s: %w", s.options.Name, err)
		}
	}()
	return listener.Addr().String(), nil
}

// Failed receives the error when the server ends by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Stop accepts no more requests, ends event streams and waits for the others until ctx ends; then it closes their
// connections.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		s.http.Close()
		return fmt.Errorf("httpserver: %s: requests were cut off: %w", s.options.Name, err)
	}
	return nil
}

func (s *Server) listenError(err error) error {
	hint := "choose another address"
	if s.options.Flag != "" {
		hint += " with " + s.options.Flag
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("httpserver: address %s is already in use: stop the program that uses it, or %s: %w", s.options.Addr,
			hint, syscall.EADDRINUSE)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("httpserver: cannot listen on %s: %w: %s", s.options.Addr, err, hint)
}
