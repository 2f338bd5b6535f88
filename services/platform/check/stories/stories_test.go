package stories_test

import (
	"flag"
	"os"
	"testing"

	"orderflow.example/services/platform/check/stories"
)

//go:generate go test -count=1 -run TestTheGeneratedStoriesAreWhatTheServicesDo -update

var update = flag.Bool("update", false, "write schemas/stories.md")

const page = "../../../../schemas/stories.md"

func TestTheGeneratedStoriesAreWhatTheServicesDo(t *testing.T) {
	t.Parallel()
	text, err := stories.Page()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != text {
		t.Error("schemas/stories.md tells something else: run make generate")
	}
}
