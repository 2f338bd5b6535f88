package service

import (
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

// NewLogger logs at this level and above, as text or json, with times in UTC and, for a line about a request, its id and
// trace. Only json has what is routine: people would not see the rest for it.
func NewLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			a.Value = slog.TimeValue(a.Value.Time().UTC())
		}
		if len(groups) == 0 && a.Key == slog.LevelKey && a.Value.Any() == engine.LevelRoutine {
			a.Value = slog.AnyValue(slog.LevelInfo)
		}
		return a
	}}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if format == "json" {
		if level == slog.LevelInfo {
			options.Level = engine.LevelRoutine
		}
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(httpserver.LogRequests(handler))
}

// NewRegistry returns a registry with the metrics of the process and the Go runtime.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
