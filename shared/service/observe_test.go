package service_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

func TestLogsAreInTheChosenFormatInUTC(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := service.NewLogger(&out, slog.LevelWarn, "json")
	log.Info("hidden")
	log.Warn("shown", "n", 1)
	var line struct{ Time, Msg string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "shown" || !strings.HasSuffix(line.Time, "Z") {
		t.Errorf("got %s %v", out.String(), err)
	}
	out.Reset()
	service.NewLogger(&out, slog.LevelInfo, "text").Info("shown")
	if !strings.Contains(out.String(), "msg=shown") {
		t.Errorf("got %s", out.String())
	}
}

func TestTheRegistryTellsAboutTheProcess(t *testing.T) {
	t.Parallel()
	families, err := service.NewRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range families {
		found[f.GetName()] = true
	}
	if !found["go_goroutines"] || !found["process_resident_memory_bytes"] {
		t.Errorf("got %v", found)
	}
}

func TestOnlyProgramsReadWhatIsRoutine(t *testing.T) {
	t.Parallel()
	for format, shown := range map[string]bool{"text": false, "json": true} {
		var out bytes.Buffer
		service.NewLogger(&out, slog.LevelInfo, format).Log(t.Context(), engine.LevelRoutine, "partition taken")
		if shown != strings.Contains(out.String(), `"level":"INFO","msg":"partition taken"`) || !shown && out.Len() > 0 {
			t.Errorf("%s: %s", format, out.String())
		}
		out.Reset()
		service.NewLogger(&out, slog.LevelWarn, format).Log(t.Context(), engine.LevelRoutine, "partition taken")
		if out.Len() > 0 {
			t.Errorf("%s, warnings only: %s", format, out.String())
		}
	}
}
