package api

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orderflow.example/services/storefront"
)

func TestTheFirstOrderOfTheIntroductionIsTaken(t *testing.T) {
	t.Parallel()
	body := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(introduction)
	if body == nil {
		t.Fatal("the introduction has no order to begin with")
	}
	s := open(t)
	s.goods["85123A"] = storefront.Product{SKU: "85123A", Listed: true, Price: pounds(295), Available: 7}
	s.ask("ann", "POST", "/v1/orders", body[1], "Idempotency-Key", "k1").is(202)
}

// elsewhere are problems that the customers' listener never has.
var elsewhere = map[string]string{
	"catching-up": "tracker", "closed": "parked redrives", "deadline-settled": "deadlines", "review-closed": "reviews",
	"review-decided": "reviews", "too-late": "refunds by operators",
	"foreign-host": "the operators' listener", "cross-origin": "the console's session", "read-only": "operators' tokens",
}

func TestEveryKindOfProblemIsInTheIntroductionAndNoOther(t *testing.T) {
	t.Parallel()
	const root = "../../../../"
	used := map[string]bool{}
	made := regexp.MustCompile(`(?:NewProblem\([^"\n]*|Conflict\(|http\.Status\w+: +)"([a-z-]+)"`)
	for _, folder := range []string{"shared/httpserver", "shared/service", "services/storefront"} {
		err := filepath.WalkDir(root+folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range made.FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` ").FindAllStringSubmatch(introduction, -1) {
		told[m[1]] = true
		if !used[m[1]] {
			t.Errorf("nothing answers %s", m[1])
		}
	}
	for slug := range used {
		if !told[slug] && elsewhere[slug] == "" {
			t.Errorf("the introduction does not tell what %s means", slug)
		}
	}
}
