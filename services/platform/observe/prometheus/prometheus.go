// Package prometheus runs a real Prometheus server beside an installation and queries it, for tests and for the pictures of
// the dashboards. The server is built by scripts/prometheus.sh; it listens on loopback only.
package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Config configures the server.
type Config struct {
	Script   string   // scripts/prometheus.sh
	Dir      string   // an empty directory for its data
	Targets  []string // host:port
	Job      string
	Interval time.Duration // between two scrapes, and two evaluations of the rules
	Rules    string        // the file's content; empty for none
}

// Server is a running Prometheus.
type Server struct {
	URL string
	cmd *exec.Cmd
	log bytes.Buffer
}

// Start starts the server and waits until it answers.
func Start(ctx context.Context, c Config) (*Server, error) {
	folder, err := exec.CommandContext(ctx, c.Script).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return nil, fmt.Errorf("prometheus: %s: %w", c.Script, err)
	}
	port, err := free()
	if err != nil {
		return nil, err
	}
	if err := c.write(); err != nil {
		return nil, err
	}
	s := &Server{URL: fmt.Sprintf("http://127.0.0.1:%d", port)}
	s.cmd = exec.Command(filepath.Join(strings.TrimSpace(string(folder)), "prometheus"), "--config.file="+filepath.Join(c.Dir,
		"prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(c.Dir, "data"), fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port), "--log.level=warn",
		"--enable-feature=exemplar-storage")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	for ctx.Err() == nil {
		if _, err = s.get(ctx, "/-/ready", nil); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Stop()
	return nil, fmt.Errorf("prometheus does not answer: %w: %s", err, s.log.String())
}

func free() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (c Config) write() error {
	targets, err := json.Marshal(c.Targets)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}\n"+
		"rule_files: [rules.yml]\n"+
		"scrape_configs: [{job_name: %[2]s, static_configs: [{targets: %[3]s}]}]\n", c.Interval, c.Job, targets)
	return errors.Join(os.WriteFile(filepath.Join(c.Dir, "prometheus.yml"), []byte(text), 0o644),
		os.WriteFile(filepath.Join(c.Dir, "rules.yml"), []byte(c.Rules), 0o644))
}

// Stop ends it.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// Sample is a value of a series at a time.
type Sample struct {
	At    time.Time
	Value float64
}

// Series is the result of an expression for one set of labels.
type Series struct {
	Labels  map[string]string
	Samples []Sample
}

// Query evaluates an expression at a time.
func (s *Server) Query(ctx context.Context, expr string, at time.Time) ([]Series, error) {
	return s.query(ctx, "/api/v1/query", url.Values{"query": {expr}, "time": {stamp(at)}})
}

// Range evaluates an expression over a range of time.
func (s *Server) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	return s.query(ctx, "/api/v1/query_range", url.Values{"query": {expr}, "start": {stamp(from)}, "end": {stamp(to)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)}})
}

func stamp(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (s *Server) query(ctx context.Context, path string, values url.Values) ([]Series, error) {
	data, err := s.get(ctx, path, values)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Result []struct {
			Metric map[string]string
			Value  point
			Values []point
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("prometheus: %s: %w", values.Get("query"), err)
	}
	all := make([]Series, len(answer.Result))
	for i, r := range answer.Result {
		all[i].Labels = r.Metric
		if r.Values == nil {
			r.Values = []point{r.Value}
		}
		for _, p := range r.Values {
			all[i].Samples = append(all[i].Samples, Sample(p))
		}
	}
	return all, nil
}

// point is a sample as the API writes it: [1795733000.5, "3"].
type point Sample

func (p *point) UnmarshalJSON(data []byte) error {
	var at float64
	var value string
	if err := json.Unmarshal(data, &[]any{&at, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value, 64)
	*p = point{time.UnixMilli(int64(at * 1000)), v}
	return err
}

// Exemplars returns the ids of the traces that the series of an expression have as exemplars, by the series' names.
func (s *Server) Exemplars(ctx context.Context, expr string, from, to time.Time) (map[string][]string, error) {
	data, err := s.get(ctx, "/api/v1/query_exemplars", url.Values{"query": {expr}, "start": {stamp(from)}, "end": {stamp(to)}})
	if err != nil {
		return nil, err
	}
	var answer []struct {
		SeriesLabels map[string]string
		Exemplars    []struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("prometheus: exemplars of %s: %w", expr, err)
	}
	traces := map[string][]string{}
	for _, series := range answer {
		for _, e := range series.Exemplars {
			traces[series.SeriesLabels["__name__"]] = append(traces[series.SeriesLabels["__name__"]], e.Labels["trace_id"])
		}
	}
	return traces, nil
}

// Firing returns the names of the alerts that fire now.
func (s *Server) Firing(ctx context.Context) (map[string]bool, error) {
	data, err := s.get(ctx, "/api/v1/alerts", nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	firing := map[string]bool{}
	err = json.Unmarshal(data, &answer)
	for _, a := range answer.Alerts {
		if a.State == "firing" {
			firing[a.Labels["alertname"]] = true
		}
	}
	return firing, err
}

// get returns the data of a response.
func (s *Server) get(ctx context.Context, path string, values url.Values) (json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path+"?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if strings.HasPrefix(path, "/-/") {
		if response.StatusCode != http.StatusOK {
			return nil, errors.New(response.Status)
		}
		return nil, nil
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("prometheus: %s: %w", response.Status, err)
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("prometheus: %s: %s", values.Get("query"), answer.Error)
	}
	return answer.Data, nil
}
