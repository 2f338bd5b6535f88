package platform

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"

	"orderflow.example/shared/service"
)

// Running tells other commands on this machine where an installation is; it stands in running.json of the data
// directory while the platform runs.
type Running struct {
	PID           int      `json:"pid"`
	Kafka         []string `json:"kafka"`
	Postgres      string   `json:"postgres"`
	Partitions    int      `json:"partitions"`
	StorefrontURL string   `json:"storefront"`
	OperatorsURL  string   `json:"operators"`
	WorldURL      string   `json:"world,omitempty"` // of the simulated outside world, for services of this machine
}

// FindRunning reads where the installation in the data directory runs. The error says what to do where it does not.
func FindRunning(dataDir string) (Running, error) {
	data, err := os.ReadFile(filepath.Join(dataDir, "running.json"))
	var r Running
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, service.Environment("nothing runs on the data directory %s: start it with `orderflow up --data-dir %s`", dataDir, dataDir)
	}
	client := http.Client{}
	res, err := client.Get(r.OperatorsURL + "/healthz")
	if err != nil {
		return r, service.Environment("nothing runs on the data directory %s any more: start it with `orderflow up --data-dir %s`", dataDir, dataDir)
	}
	return r, res.Body.Close()
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
