package run

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"orderflow.example/shared/service"
)

// Running has the addresses and settings of an installation for other commands on this machine; it is in running.json of the
// data directory while the platform runs.
type Running struct {
	PID           int                   `json:"pid"`
	Kafka         []string              `json:"kafka"`
	KafkaSecurity service.KafkaSecurity `json:"kafka_security,omitzero"`
	Postgres      string                `json:"postgres"`
	Partitions    int                   `json:"partitions"`
	StorefrontURL string                `json:"storefront"`
	OperatorsURL  string                `json:"operators"`
	WorldURL      string                `json:"world,omitempty"`  // of the simulated outside world, for services of this machine
	MailURL       string                `json:"mail,omitempty"`   // where its mail server takes messages, if it does
	TracesURL     string                `json:"traces,omitempty"` // of the collector that traces are sent to
	Settings      map[string]string     `json:"settings"`         // of the services, by flag, where they are not the defaults
}

// FindRunning reads the addresses of the installation that runs on the data directory. If it does not run or does not answer, the
// error says what to do.
func FindRunning(dataDir string) (Running, error) {
	r, err := ReadRunning(dataDir)
	if err != nil {
		return r, unknown(dataDir, err)
	}
	client := http.Client{Timeout: 3 * time.Second}
	res, err := client.Get(r.OperatorsURL + "/healthz")
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return r, service.Environment("the platform on the data directory %s (process %d) does not answer: "+
			"resume it with `kill -CONT %[2]d` if it was stopped, or end it and start it again", dataDir, r.PID)
	case err != nil:
		return r, service.Environment("nothing runs on the data directory %s any more: start it with `orderflow up --data-dir %s`",
			dataDir, dataDir)
	}
	return r, res.Body.Close()
}

// unknown says why nothing is known of what runs on a data directory.
func unknown(dataDir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return service.Environment("this user may not read the data directory %s: be the user who started the platform on it", dataDir)
	}
	return service.Environment("nothing runs on the data directory %s: start it with `orderflow up --data-dir %[1]s`", dataDir)
}

// ReadRunning reads the addresses at which the installation on the data directory ran last, whether or not it still runs.
func ReadRunning(dataDir string) (r Running, err error) {
	data, err := os.ReadFile(filepath.Join(dataDir, "running.json"))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}

func (p *Platform) announce(dataDir string) error {
	path := filepath.Join(dataDir, "running.json")
	data, err := json.MarshalIndent(p.Running, "", "  ")
	if err == nil {
		err = os.WriteFile(path, data, 0o600) // it holds the private Postgres's password
	}
	if err != nil {
		return service.Environment("%w", err)
	}
	p.lifecycle.AddCloser("running.json", func() error { return os.Remove(path) })
	return nil
}
