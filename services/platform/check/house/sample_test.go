package house_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lists are the two lists of services, with the entry after which a new service is added.
var lists = []struct{ file, behind, line string }{
	{"schemas/registry/registry.go", "\t\tinventory.Events,\n", "\t\tloyalty.Events,\n"},
	{"services/platform/services/services.go", "\trefund.App,\n", "\tloyalty.App,\n"},
}

// imports are the imports of these entries.
var imports = []struct{ file, behind, line string }{
	{lists[0].file, "\t\"orderflow.example/schemas/inventory\"\n", "\t\"orderflow.example/schemas/loyalty\"\n"},
	{lists[1].file, "\tinventory \"orderflow.example/services/inventory/app\"\n",
		"\tloyalty \"orderflow.example/services/loyalty/app\"\n"},
}

// testdata/sample is a small service, added by the steps of services/README.md. All steps but its two folders are done here,
// in a copy of the tree.
func TestASampleServiceNeedsItsFoldersAndALineInEachOfTwoLists(t *testing.T) {
	t.Parallel()
	tree := copied(t)
	tree.enter("services/platform/check/house/testdata/sample", "")

	// As make tidy does: add a go.mod, and enter the service in the workspace and the platform's requirements.
	tree.write("services/loyalty/go.mod", strings.ReplaceAll(tree.read("services/refund/go.mod"),
		"services/refund", "services/loyalty"))
	tree.write("services/loyalty/go.sum", tree.read("services/refund/go.sum"))
	tree.run("go", "work", "use", "services/loyalty")
	tree.run("go", "mod", "edit", "-require=orderflow.example/services/loyalty@v0.0.0",
		"-replace=orderflow.example/services/loyalty=../../services/loyalty", "services/platform/go.mod")

	// The rules of the house report what is missing.
	house := []string{"test", "-vet=off", "-skip=TestASampleService", "./services/platform/check/house"}
	if told := tree.fails("go", house...); !strings.Contains(told, "services/loyalty is not in the list of "+lists[1].file) {
		t.Errorf("the house does not say what is missing:\n%s", told)
	}
	for _, l := range append(lists, imports...) {
		before, after, found := strings.Cut(tree.read(l.file), l.behind)
		if !found {
			t.Fatalf("%s has no %q", l.file, l.behind)
		}
		tree.write(l.file, before+l.behind+l.line+after)
	}

	tree.run("go", "generate", "./schemas")
	tree.run("go", "test", "-vet=off", "-run=Generated", "./services/platform/check/choreography",
		"./services/platform/check/stories", "-args", "-update")
	tree.run("go", house...)
	tree.run("scripts/modules.sh", "--check")
	tree.run("go", "test", "-vet=off", "-run=Generated", "./schemas/generate", "./services/platform/check/choreography",
		"./services/platform/check/stories")
	if told := tree.run("go", "run", "./services/platform/cmd/orderflow", "choreography", "--check"); strings.Contains(told, "✗") {
		t.Error(told)
	}
	tree.run("go", "test", "-vet=off", "-run=OnceFound|OfACustomerWhose", "./services/platform/check/exploration")
	tree.run("go", "test", "-vet=off", "./services/loyalty/...")
	for _, document := range []string{"README.md", "schemas/asyncapi.json"} {
		if !strings.Contains(tree.read(document), "points_earned") {
			t.Errorf("%s does not know the service", document)
		}
	}
}

// tree is a copy of the repository.
type tree struct {
	t      *testing.T
	folder string
}

func copied(t *testing.T) tree {
	t.Helper()
	to := tree{t, t.TempDir()}
	for _, name := range []string{"README.md", "Makefile", "go.work", "schemas", "scripts", "services", "shared"} {
		to.enter(name, name)
	}
	return to
}

// enter copies a file, or a folder with its content; names like x.go.txt and x.sql.txt lose their .txt.
func (c tree) enter(from, to string) {
	c.t.Helper()
	err := filepath.WalkDir(filepath.Join(root, from), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(filepath.Join(root, from), path)
		if err != nil {
			return err
		}
		if to == "" {
			name = strings.TrimSuffix(name, ".txt")
		}
		target := filepath.Join(c.folder, to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode())
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c tree) read(name string) string {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.folder, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(content)
}

func (c tree) write(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// do runs a command in the tree. It compiles with -trimpath, so that the build cache is shared by all copies.
func (c tree) do(name string, args ...string) (string, error) {
	cmd := exec.CommandContext(c.t.Context(), name, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.folder, &out, &out
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly -buildvcs=false -trimpath", "GOWORK="+filepath.Join(c.folder, "go.work"))
	err := cmd.Run()
	return out.String(), err
}

func (c tree) run(name string, args ...string) string {
	c.t.Helper()
	told, err := c.do(name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, told)
	}
	return told
}

func (c tree) fails(name string, args ...string) string {
	c.t.Helper()
	told, err := c.do(name, args...)
	if err == nil {
		c.t.Fatalf("%s %s: nothing is wrong\n%s", name, strings.Join(args, " "), told)
	}
	return told
}
