package redecide

import (
	"os"
	"testing"

	"orderflow.example/services/platform/redecide/recording"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/service"
)

// recorded is a month of the demo's retailer, with a world that fails now and then, recorded on one machine.
const recorded = "testdata/december-2010.xz"

func TestThisBuildDecidesTheRecordedMonthAsItWasDecided(t *testing.T) {
	t.Parallel()
	file, err := os.Open(recorded)
	if err != nil {
		t.Fatalf("%v: record it by make record", err)
	}
	defer file.Close()
	log, err := recording.Open(file)
	if err != nil {
		t.Fatalf("%s: %v: record it again by make record", recorded, err)
	}
	config := service.Config{Own: service.Settings{"fraud-velocity": log.FraudVelocity, "fraud-velocity-within": log.FraudVelocityWithin}}
	var topics []string
	for _, app := range services.All {
		topics = append(topics, app.Topic())
	}
	for _, app := range services.All {
		if log.Heard[app.Name] == nil {
			continue // it is younger than the recording, until that is made again
		}
		t.Run(app.Name, func(t *testing.T) {
			t.Parallel()
			if app.Configured != nil {
				app.Bindings = app.Configured(config)
			}
			r, err := Run(t.Context(), Config{App: app, Log: log, Partitions: log.Partitions, Topics: topics, Applied: log.Heard[app.Name]})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(text(t, r))
			if !r.Holds() {
				t.Errorf("where a rule was changed on purpose, these should be the orders that it concerns: then record the month again by make record")
			}
		})
	}
}
