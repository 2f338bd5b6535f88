package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// A shop that mails decides otherwise about its messages than one that does not: what was configured there counts.
func TestDecisionsAreTakenAgainWithTheSettingsOfTheInstallationThatRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	running := `{"settings": {"smtp-url": "simulated", "fraud-velocity": "7", "a-flag-of-another-build": "x"}}`
	if err := os.WriteFile(filepath.Join(dir, "running.json"), []byte(running), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		mail      string
		velocity  int
	}{
		{nil, "simulated", 7},
		{[]string{"--fraud-velocity", "3", "--smtp-url", ""}, "", 3},
		{[]string{"--kafka", "127.0.0.1:1", "--postgres", "postgres://127.0.0.1:2/"}, "", 0},
	} {
		cmd := &cobra.Command{Use: "replay", RunE: func(cmd *cobra.Command, _ []string) error {
			own, err := service.Load(cmd)
			if err != nil {
				return err
			}
			got, err := asItRuns(cmd, own)
			if got.Own["smtp-url"] != c.mail || got.Own["fraud-velocity"] != c.velocity {
				t.Errorf("%v: %v and %v", c.arguments, got.Own["smtp-url"], got.Own["fraud-velocity"])
			}
			return err
		}}
		service.BindFlags(cmd, run.Flags()...)
		cmd.SetArgs(append(c.arguments, "--data-dir", dir))
		if err := cmd.Execute(); err != nil {
			t.Errorf("%v: %v", c.arguments, err)
		}
	}
}
