package command_test

import (
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/shared/service"
)

func TestVerifyWithoutARunningInstallationSaysWhatToDo(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	root := command.Root()
	dir := t.TempDir()
	root.SetArgs([]string{"verify", "--data-dir", dir})
	code := service.Execute(t.Context(), root, &stderr)
	if code != service.CodeEnvironment || !strings.Contains(stderr.String(), "orderflow up --data-dir "+dir) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}
