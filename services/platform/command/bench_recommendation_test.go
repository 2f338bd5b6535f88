package command_test

import (
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/shared/service"
)

func TestRecommendationsAreNotMeasuredWithWhatCannotBe(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--from yesterday":                      "--from: want a day",
		"--to 2011-13-01":                       "--to: want a day",
		"--from 2010-12-20 --to 2010-12-19":     "--to is before --from",
		"--from 2012-01-01 --to 2012-01-31":     "no invoice of 2 to 60 goods",
		"--orders /nowhere/orders.csv":          "no such file",
		"--dates ymd":                           "want dmy or mdy",
		"--postgres postgres://h":               "of their own",
		"--orders bench_recommendation_test.go": "columns",
		"surplus":                               "surplus",
	} {
		var stderr strings.Builder
		root := command.Root()
		root.SetArgs(append([]string{"bench", "recommendation", "--data-dir", t.TempDir()}, strings.Fields(args)...))
		if code := service.Execute(t.Context(), root, &stderr); code != service.CodeUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d: %s", args, code, stderr.String())
		}
	}
}
