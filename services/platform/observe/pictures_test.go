//go:build pictures

package observe_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"testing"
	"time"

	"orderflow.example/services/platform/observe"
	"orderflow.example/services/platform/observe/picture"
	"orderflow.example/services/platform/observe/prometheus"
	"orderflow.example/services/platform/trial"
)

// shown is the service for which the template is drawn.
const shown = "payment"

// TestDrawTheDashboards draws each dashboard into deployments/grafana, after some minutes of real orders with faults of the
// external systems and a gateway that gives no answer for half a minute.
func TestDrawTheDashboards(t *testing.T) {
	began := time.Now()
	s := scrape(t, scene{orders: 1000, rate: 5, speed: 4, interval: time.Second, meanwhile: func(g *trial.Gate) {
		time.AfterFunc(80*time.Second, func() { g.Shut("/sim/gateway") })
		time.AfterFunc(105*time.Second, g.Open)
	}})
	from, to := began.Add(8*time.Second), time.Now()
	answer := func(expr string) ([]prometheus.Series, error) {
		return s.Range(t.Context(), standIn(expr, shown), from, to, 2*time.Second)
	}
	for _, d := range observe.Dashboards() {
		about := fmt.Sprintf("a demo run of %.0f min with --faults, and a gateway that is silent for 25 s; UTC", to.Sub(from).Minutes())
		if d.Service {
			about = "service: " + shown + " · " + about
		}
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := picture.Dashboard([]byte(text), about, answer, from, to)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, drawn); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+"deployments/grafana/"+d.Name+".png", file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
