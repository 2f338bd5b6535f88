package chaos

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Standstill sums up the metrics and readiness of the processes during a stage.
type Standstill struct {
	Services  map[string]*Stood `json:"services"`        // those of which partitions stood still
	Unready   int               `json:"unready"`         // the most processes whose /readyz said no at one time
	For       float64           `json:"unready_seconds"` // from the first that said so to the last
	Remaining int               `json:"remaining"`       // partitions that still stand still once all orders have ended
}

// Stood holds one service's orderflow_partitions_stopped and orderflow_lag_seconds.
type Stood struct {
	Partitions int     `json:"partitions"`    // that stood still, the most at one time
	After      float64 `json:"after_seconds"` // of the fault the first was seen to
	Seconds    float64 `json:"seconds"`       // from then until the last was seen to
	Lag        float64 `json:"lag_seconds"`   // the longest
}

const lookEvery = time.Second

// watchStandstill polls every process until ctx ends.
func (f *fleet) watchStandstill(ctx context.Context) Standstill {
	s, start := Standstill{Services: map[string]*Stood{}}, time.Now()
	var first time.Time
	for pause(ctx, lookEvery) {
		seen, unready := f.stopped(ctx)
		s.Unready = max(s.Unready, unready)
		switch {
		case unready == 0:
		case first.IsZero():
			first = time.Now()
		default:
			s.For = time.Since(first).Seconds()
		}
		for service, now := range seen {
			at := s.Services[service]
			if at == nil {
				at = &Stood{After: time.Since(start).Seconds()}
				s.Services[service] = at
			}
			at.Partitions, at.Lag = max(at.Partitions, now.Partitions), max(at.Lag, now.Lag)
			at.Seconds = time.Since(start).Seconds() - at.After
		}
	}
	return s
}

// stopped reads each service's stopped partitions, and how many processes are not ready.
func (f *fleet) stopped(ctx context.Context) (services map[string]*Stood, unready int) {
	services = map[string]*Stood{}
	for _, p := range f.processes {
		_, operators := p.addresses()
		if status, _ := get(ctx, operators+"/readyz"); status != http.StatusOK {
			unready++
		}
		_, text := get(ctx, operators+"/metrics")
		stopped, lag := 0.0, 0.0
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			n, err := strconv.ParseFloat(value, 64)
			switch {
			case err != nil:
			case strings.HasPrefix(name, "orderflow_partitions_stopped{"):
				stopped = n
			case strings.HasPrefix(name, "orderflow_lag_seconds{"):
				lag = max(lag, n)
			}
		}
		if stopped > 0 {
			service, _, _ := strings.Cut(p.name, "-")
			if services[service] == nil {
				services[service] = &Stood{}
			}
			services[service].Partitions += int(stopped)
			services[service].Lag = max(services[service].Lag, lag)
		}
	}
	return services, unready
}

var operatorsClient = http.Client{Timeout: 2 * time.Second}

// get reads a path without a token. status is 0 if there was no answer.
func get(ctx context.Context, url string) (status int, text string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, ""
	}
	response, err := operatorsClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(data)
}

// standstillLeft is the number of stopped partitions, after the processes had time to measure again.
func (f *fleet) standstillLeft(ctx context.Context) (left int) {
	for range 15 {
		stopped, _ := f.stopped(ctx)
		if left = 0; len(stopped) == 0 {
			return 0
		}
		for _, at := range stopped {
			left += at.Partitions
		}
		pause(ctx, lookEvery)
	}
	return left
}

// String formats it in one line.
func (s Standstill) String() string {
	var all []string
	for _, service := range slices.Sorted(maps.Keys(s.Services)) {
		at := s.Services[service]
		all = append(all, fmt.Sprintf("%s %d for %.0f s, seen after %.0f s, lag %.0f s",
			service, at.Partitions, at.Seconds, at.After, at.Lag))
	}
	return cmp.Or(strings.Join(all, "; "), "none that said so")
}
