package choreography_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

//go:generate go test -count=1 -run TestTheGeneratedChoreographyInTheReadmeIsTheDeclaredOne -update

var update = flag.Bool("update", false, "write README.md")

const readme = "../../../../README.md"

func TestTheGeneratedChoreographyInTheReadmeIsTheDeclaredOne(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	all := choreography.Of(run.Apps...)
	text := between(t, string(committed), "picture", "```mermaid\n"+all.Mermaid()+"```\n")
	text = between(t, text, "table", all.Table())
	switch {
	case text == string(committed):
	case *update:
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("README.md shows another choreography: run make generate")
	}
}

// between puts the text between the marks <!-- NAME --> and <!-- /NAME -->.
func between(t *testing.T, page, name, text string) string {
	t.Helper()
	before, rest, begun := strings.Cut(page, "<!-- "+name+" -->\n")
	_, after, ended := strings.Cut(rest, "<!-- /"+name+" -->\n")
	if !begun || !ended {
		t.Fatalf("README.md has no <!-- %s --> … <!-- /%s -->", name, name)
	}
	return before + "<!-- " + name + " -->\n" + text + "<!-- /" + name + " -->\n" + after
}

type nothing struct{}

var (
	placed   = saga.Define[nothing]("shop.placed.v1")
	refused  = saga.Define[nothing]("shop.refused.v1")
	asked    = saga.Define[nothing]("till.asked.v1")
	paid     = saga.Define[nothing]("till.paid.v1")
	late     = saga.Define[nothing]("till.late.v1")
	place    = saga.Command[nothing]("place")
	pay      = saga.Ask[nothing, nothing]("bank.pay")
	decide   = func(nothing, nothing) []saga.Event { return nil }
	show     = func(s nothing, _ nothing, _ time.Time) nothing { return s }
	sketched = choreography.Of(app(
		saga.Choreography[nothing]{Service: "shop", Key: saga.Order, Rows: []saga.Row{
			saga.On(place, decide, placed), saga.Show(paid, show), saga.Show(late, show)}},
	), app(
		saga.Choreography[nothing]{Service: "till", Key: "purse", Rows: []saga.Row{
			saga.On(placed, decide, asked).Pivot(asked),
			saga.Call(asked, pay, decide, paid).DroppedBy(late),
			saga.After(48*time.Hour, asked, decide, late).Settled(paid),
			saga.At(paid, func(nothing) time.Time { return time.Time{} }, decide, late).Past(asked),
			saga.On(refused, decide, late).Compensates(paid)}},
	))
)

func app(c saga.Choreography[nothing]) service.App {
	return service.App{Bindings: []engine.Binding{{Machine: c.Machine()}}}
}

// The declarations that are drawn, checked and folded do not depend on a configuration.
func TestAConfigurationChangesNoDeclaration(t *testing.T) {
	t.Parallel()
	configured := 0
	for _, a := range run.Apps {
		if a.Configured == nil {
			continue
		}
		configured++
		declared, _ := choreography.Of(a).JSON()
		a.Bindings = a.Configured(service.Config{Own: service.Settings{"fraud-velocity": 20, "fraud-velocity-within": time.Hour}})
		got, _ := choreography.Of(a).JSON()
		same(t, got, declared)
	}
	if configured == 0 {
		t.Error("no service is configured")
	}
}

func TestTheTableSaysWhatEachServiceDoesOnWhat(t *testing.T) {
	t.Parallel()
	same(t, sketched.Table(), "| service | on | does | → emits |\n|---|---|---|---|\n"+
		"| **shop** | *place* | decides | `placed` |\n"+
		"|  | `till.paid`, `till.late` | shows it |  |\n"+
		"| **till** (purse) | `shop.placed` | decides; **the pivot** | `asked` |\n"+
		"|  | `asked` | asks bank.pay, unless `late` | `paid` |\n"+
		"|  | `asked` | 2 days later, unless `paid` | `late` |\n"+
		"|  | `paid` | at the time it carries; only past `asked` | `late` |\n"+
		"|  | `shop.refused` | undoes `paid` | `late` |\n")
}

func TestThePictureHasAnArrowForEachPair(t *testing.T) {
	t.Parallel()
	same(t, sketched.Mermaid(), "flowchart LR\n  shop[shop]\n  till[till]\n"+
		"  shop -- \"placed<br/>refused\" --> till\n"+
		"  till -.-> shop\n"+
		"  till <== \"pay\" ==> bank([bank])\n")
}

func TestTheJSONReadsBackAsTheSameChoreography(t *testing.T) {
	t.Parallel()
	text, err := sketched.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var read choreography.Choreography
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	again, _ := read.JSON()
	same(t, again, text)
	if len(read.Machines) != 2 || len(read.Machines[1].Rows) != 5 {
		t.Errorf("read %d machines", len(read.Machines))
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
