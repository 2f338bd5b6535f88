package httpserver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Part is a dependency without which requests cannot be served. Check must end with its context.
type Part struct {
	Name  string
	Check func(ctx context.Context) error
}

// readyz checks all parts concurrently. The reason why a part is not ready goes to the log, as anybody may call this
// route.
func (s *Server) readyz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	states := make([]string, len(s.options.Ready))
	var all sync.WaitGroup
	for i, part := range s.options.Ready {
		all.Go(func() {
			states[i] = "ready"
			if err := part.Check(ctx); err != nil {
				states[i] = "not ready"
				s.log.WarnContext(ctx, "part is not ready", "part", part.Name, "error", err)
			}
		})
	}
	all.Wait()
	code, status, parts := http.StatusOK, "ready", gin.H{}
	for i, part := range s.options.Ready {
		parts[part.Name] = states[i]
		if states[i] != "ready" {
			code, status = http.StatusServiceUnavailable, "not ready"
			c.Header("Retry-After", "1")
		}
	}
	c.JSON(code, gin.H{"status": status, "parts": parts})
}

// Metrics serves the gatherer's metrics, for Prometheus: with exemplars if it asks for OpenMetrics.
func Metrics(gatherer prometheus.Gatherer) gin.HandlerFunc {
	return gin.WrapH(promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
}
