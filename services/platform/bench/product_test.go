package bench

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/shared/service"
)

func productOptions(t *testing.T) ProductOptions {
	return ProductOptions{Config: service.Config{DataDir: t.TempDir(), Partitions: 2, LogFormat: "text"},
		Lines: []int{3}, Callers: 8, Rate: 20, Window: 1500 * time.Millisecond, WarmUp: 300 * time.Millisecond,
		Progress: io.Discard, Log: slog.New(slog.DiscardHandler)}
}

func TestOrdersAreCarriedOutAndTheFiguresAreOfEachLoad(t *testing.T) {
	t.Parallel()
	o := productOptions(t)
	result, err := RunProduct(t.Context(), o)
	for ; errors.Is(err, errTooShort); result, err = RunProduct(t.Context(), o) { // how long an order takes depends on the machine
		o.Config.DataDir, o.Window = t.TempDir(), 4*o.Window
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Loads) != 3 || result.Loads[0].Callers != 8 || result.Loads[1].Callers != 1 || result.Loads[2].Rate != 20 {
		t.Fatalf("measured %+v", result.Loads)
	}
	for _, l := range result.Loads {
		if l.Lines != 3 || l.Ended == 0 || l.Placing.P50 <= 0 || l.Placing.P50 > l.Placing.P99 || l.Confirming.P50 > l.Ending.P50 ||
			l.CPU.Own <= 0 || l.CPU.Postgres <= 0 || l.Events < 20 || l.Resident.Own <= 0 || l.Resident.Postgres <= 0 {
			t.Errorf("%+v", l)
		}
	}
	if result.Accepted == 0 || result.Verified < int64(20*result.Accepted) {
		t.Errorf("%d accepted, %d events verified", result.Accepted, result.Verified)
	}
	var table bytes.Buffer
	err = PrintProduct(&table, ThisMachine(), []Product{result})
	if err != nil || strings.Count(table.String(), "embedded ×2") != 3 {
		t.Errorf("%v\n%s", err, table.String())
	}
}

func TestALostOrderIsNoticed(t *testing.T) {
	t.Parallel()
	holding := audit.Check{Name: "money", Holds: true}
	for name, c := range map[string]struct {
		report audit.Report
		want   string
	}{
		"all is well":            {audit.Report{Sagas: 3, Checks: []audit.Check{holding}}, ""},
		"one is lost":            {audit.Report{Sagas: 2, Checks: []audit.Check{holding}}, "3 orders were accepted, and there are 2"},
		"one has not ended":      {audit.Report{Sagas: 3, Open: 1, Checks: []audit.Check{holding}}, "1 have not ended"},
		"money is not conserved": {audit.Report{Sagas: 3, Checks: []audit.Check{{Name: "money", Broken: 1}}}, "money"},
		"nothing was looked at":  {audit.Report{Sagas: 3, Checks: []audit.Check{{Skipped: "no broker"}}}, "not checked"},
	} {
		err := Product{Accepted: 3}.check(c.report)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
