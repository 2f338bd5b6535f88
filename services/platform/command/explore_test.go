package command

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"orderflow.example/schemas/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/service"
)

// counterexample is a file with a counter-example of a choreography whose payment service does not consume cancellations.
func counterexample(t *testing.T) string {
	t.Helper()
	broken := payment.Choreography
	broken.Rows = nil
	for _, r := range payment.Choreography.Rows {
		if r.On.Name() != order.Cancelled.Name() {
			broken.Rows = append(broken.Rows, r)
		}
	}
	machines := exploration.Machines()
	for i, m := range machines {
		if m.Service == broken.Service {
			machines[i] = broken.Machine()
		}
	}
	data, err := json.Marshal(exploration.Run(exploration.Model(machines, exploration.Scenes()[:1]), explore.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "found.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func execute(args ...string) (code int, stdout, stderr string) {
	var out, log bytes.Buffer
	root := &cobra.Command{Use: "orderflow"}
	root.AddCommand(Choreography())
	root.SetOut(&out)
	root.SetArgs(args)
	code = service.Execute(context.Background(), root, &log)
	return code, out.String(), log.String()
}

func TestACounterExampleIsReplayedStepByStepUntilItCannotHappenAnyMore(t *testing.T) {
	t.Parallel()
	code, out, log := execute("choreography", "--replay", counterexample(t))
	if code != 0 ||
		!strings.Contains(out,
			"\n1. order hears storefront.order_placed (the customer orders) → validated\norder: {ID:order-1 Status:placed") {
		t.Errorf("exit code %d, %s\n%s", code, log, out)
	}
	if !strings.Contains(out, "any more") { // this payment service voids the authorisation
		t.Errorf("the real choreography failed:\n%s", out)
	}
}

func TestExploringIsAskedForInAWayThatMakesSense(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--json"}, {"--replay", empty}, {"--replay", empty + ".not"}} {
		if code, _, log := execute(append([]string{"choreography"}, args...)...); code != service.CodeUsage || log == "" {
			t.Errorf("%v: exit code %d, %q", args, code, log)
		}
	}
}
