package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
)

func TestAFileThatIsChangedIsPutInForceAndOneThatIsBrokenLeavesTheRulesInForce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	second := strings.Replace(rules.DefaultText, "name: default", "name: second", 1)
	write(rules.DefaultText)
	text, read, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	var live []string
	var down error
	f := follower{path: path, text: text, read: read, pending: true}
	look := func(want int, wrongs int) {
		t.Helper()
		f.look(context.Background(), log, func(_ context.Context, r *fraud.Rules, _ string) error {
			if down == nil {
				live = append(live, r.Name)
			}
			return down
		})
		if len(live) != want || strings.Count(logged.String(), "fraud rules refused") != wrongs {
			t.Fatalf("activated %v\n%s", live, logged.String())
		}
	}
	look(1, 0)
	look(1, 0)
	write(second + "  - {name: a, score: 5, when: order.amount}\n")
	look(1, 1)
	look(1, 1)
	if !strings.Contains(logged.String(), "line ") || !strings.Contains(logged.String(), "expected bool") {
		t.Errorf("logged %s", logged.String())
	}
	down = errors.New("not the owner")
	write(second)
	look(1, 1)
	down = nil
	look(2, 1)
	look(2, 1)
	if live[1] != "second" {
		t.Errorf("activated %v", live)
	}
	down = errors.New("not the owner")
	write(rules.DefaultText)
	look(2, 1)
	look(2, 1)
	if n := strings.Count(logged.String(), "not yet in force"); n != 2 {
		t.Errorf("that they are not in force is logged %d times, not once for each time:\n%s", n, logged.String())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look(2, 2)
	if _, _, err := load(path); err == nil {
		t.Error("a file that is not there is accepted at the start")
	}
}
