package command_test

import (
	"bytes"
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/shared/service"
)

func TestWhatCannotBeArchivedOrRepairedIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"topics archive": {service.CodeUsage, "--to is missing"},
		"topics archive --to s3://key:s3cret@bucket":       {service.CodeUsage, "AWS_ACCESS_KEY_ID"},
		"topics archive --to x --segment-size 12parsecs":   {service.CodeUsage, "want 1KiB to 1GiB"},
		"topics archive --to x --segment-size 0":           {service.CodeUsage, "want 1KiB to 1GiB"},
		"topics check --archive ftp://host/x":              {service.CodeUsage, "nothing is kept at ftp://"},
		"topics list --archive s3://?endpoint=http://host": {service.CodeUsage, "no bucket"},
		"topics repair --recreate other.events":            {service.CodeUsage, `there is no topic "other.events"`},
		"snapshot --to x":                                  {service.CodeUsage, "name services, or give --all"},
		"snapshot payment --all --to x":                    {service.CodeUsage, "name services, or give --all"},
		"snapshot paiment --to x":                          {service.CodeUsage, `there is no service "paiment"`},
		"snapshot tracker --to x": {service.CodeUsage,
			`there is no service "tracker" that keeps a state`},
		"snapshot payment": {service.CodeUsage, "--to is missing"},
		"snapshot payment --to x --data-dir /nonexistent/orderflow": {service.CodeEnvironment, "orderflow up"},
		"topics repair --data-dir /nonexistent/orderflow":           {service.CodeEnvironment, "orderflow up"},
	} {
		var out, stderr bytes.Buffer
		root := command.Root()
		root.SetOut(&out)
		root.SetArgs(strings.Fields(line))
		code := service.Execute(t.Context(), root, &stderr)
		if code != want.code || !strings.Contains(stderr.String(), want.says) || strings.Contains(stderr.String(), "s3cret") {
			t.Errorf("%s: exit code %d: %s", line, code, stderr.String())
		}
	}
}
