package command_test

import (
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/shared/service"
)

func TestTheProductIsNotMeasuredWithWhatCannotBe(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--lines 0":               "1 to 200 lines, not 0",
		"--lines 3,201":           "not 201",
		"--callers 0":             "--callers at least 1",
		"--rate -1":               "--rate not below 0",
		"--seconds 0":             "--seconds must be above 0",
		"--backlog 1ms":           "backlog: want 0, or 1s to 1h",
		"--postgres postgres://h": "a Postgres of its own",
		"surplus":                 "surplus",
	} {
		var stderr strings.Builder
		root := command.Root()
		root.SetArgs(append([]string{"bench", "product", "--data-dir", t.TempDir()}, strings.Fields(args)...))
		if code := service.Execute(t.Context(), root, &stderr); code != service.CodeUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d: %s", args, code, stderr.String())
		}
	}
}
