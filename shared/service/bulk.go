package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

const (
	atOnce     = 1000 // commands waiting at once: the engine commits together what waits together
	mostFaults = 100  // in one answer
)

// SubmitAll carries out the n commands of one bulk request, many at once so that they are committed together, and
// answers with a problem that names those that failed; nil when none did.
func SubmitAll(c *gin.Context, n int, submit func(ctx context.Context, i int) error) *httpserver.Problem {
	errs := make([]error, n)
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			errs[i] = submit(c.Request.Context(), i)
			<-slots
		})
	}
	all.Wait()
	var faults []httpserver.Fault
	failed, parked := 0, 0
	for i, err := range errs {
		if err == nil {
			continue
		}
		failed++
		detail := "could not be stored now"
		if errors.Is(err, engine.ErrParked) {
			parked++
			detail = "earlier events about this SKU are parked; redrive or discard them first"
		}
		if len(faults) < mostFaults {
			faults = append(faults, httpserver.Fault{Location: fmt.Sprintf("body.items[%d]", i), Detail: detail})
		}
		_ = c.Error(err)
	}
	if failed == 0 {
		return nil
	}
	detail := fmt.Sprintf("%d of %d items were not stored; send the same request again, what was stored does not count twice",
		failed, n)
	if parked == failed {
		return httpserver.NewProblem(http.StatusConflict, "parked", detail, faults...)
	}
	return httpserver.NewProblem(http.StatusServiceUnavailable, "unavailable", detail, faults...)
}
