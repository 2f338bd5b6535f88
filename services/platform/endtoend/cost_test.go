//go:build load

package endtoend_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// What an order costs, service by service: CPU of its process, and of its sessions in Postgres. CPU time hardly depends on how
// busy the machine is. It needs /proc.
func TestWhatAnOrderCostsEachService(t *testing.T) {
	const orders = 1000
	names := []string{"platform"}
	for _, app := range run.Apps {
		names = append(names, app.Name)
	}
	bin := trial.Programs(t, names...)
	f := startFleetOf(t, bin, bin, names[1:]...)
	f.site(t).Sell(t, "rolled", price, 100_000)
	where, err := run.FindRunning(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := database.Open(t.Context(), database.Options{URL: where.Postgres, MaxConns: 2, AppName: "cost"})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	processes, sessions := f.processCPU(t), sessionCPU(t, admin)
	l := startLoad(t, f, 20*time.Millisecond)
	trial.Await(t, "the orders", func() (bool, string) { return l.accepted() >= orders, fmt.Sprint(l.accepted()) })
	l.stop()
	l.checkAllEnded(t, f)
	n := float64(l.accepted())
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "SERVICE\tITS PROCESS\tITS SESSIONS IN POSTGRES\tms of CPU per order\t")
	var own, stored float64
	afterP, afterS := f.processCPU(t), sessionCPU(t, admin)
	for _, app := range run.Apps {
		p, s := (afterP[app.Name]-processes[app.Name])/n*1000, (afterS[app.Name]-sessions[app.Name])/n*1000
		own, stored = own+p, stored+s
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t\n", app.Name, p, s, p+s)
		if p <= 0 {
			t.Errorf("%s used no CPU", app.Name)
		}
	}
	fmt.Fprintf(w, "all\t%.2f\t%.2f\t%.2f\t\n", own, stored, own+stored)
	w.Flush()
	t.Logf("%.0f orders of one line, one in five cancelled\n%s", n, table.String())
}

var cpuSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)`)

// processCPU is the CPU time of each service's process in seconds.
func (f *fleet) processCPU(t *testing.T) map[string]float64 {
	all := map[string]float64{}
	for _, app := range run.Apps {
		text := f.site(t).Operator(app.Name).Must(t, 200, "GET", "/metrics", nil).Body
		found := cpuSeconds.FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("%s shows no process_cpu_seconds_total", app.Name)
		}
		seconds, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		all[app.Name] = seconds
	}
	return all
}

// sessionCPU is the CPU time of each service's sessions in Postgres that are open now, in seconds.
func sessionCPU(t *testing.T, admin *database.DB) map[string]float64 {
	t.Helper()
	var sessions []struct {
		Pid             int
		ApplicationName string
	}
	err := admin.Gorm().Raw(`SELECT pid, application_name FROM pg_stat_activity WHERE application_name LIKE 'orderflow-%'`).
		Scan(&sessions).Error
	if err != nil {
		t.Fatal(err)
	}
	const ticks = 100 // in a second, on Linux
	all := map[string]float64{}
	for _, s := range sessions {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.Pid), "stat"))
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, err := strconv.ParseFloat(fields[11], 64)
		system, err2 := strconv.ParseFloat(fields[12], 64)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		all[strings.TrimPrefix(s.ApplicationName, "orderflow-")] += (user + system) / ticks
	}
	return all
}
