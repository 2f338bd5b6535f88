package house_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/saga"
)

func TestEveryServiceHasTheSameShape(t *testing.T) {
	t.Parallel()
	for _, name := range services(t) {
		if name == "tracker" {
			continue // its shape differs, see below
		}
		folder := filepath.Join(root, "services", name)
		for _, file := range []string{
			"go.mod", "choreography.go", "decide_test.go", "app/app.go", "model/model.go", "cmd/" + name + "/main.go",
			"internal/store/store.go", "internal/store/migrations",
		} {
			if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
				t.Errorf("services/%s has no %s", name, file)
			}
		}
		if got, want := folders(t, "services/"+name), []string{"app", "cmd", "internal", "model"}; !slices.Equal(got, want) {
			t.Errorf("services/%s has the folders %v, want %v", name, got, want)
		}
		main, err := os.ReadFile(filepath.Join(folder, "cmd", name, "main.go"))
		if lines := bytes.Count(main, []byte("\n")); err != nil || lines > 30 {
			t.Errorf("services/%s/cmd/%s/main.go has %d lines, want at most 30 (%v)", name, name, lines, err)
		}
	}
}

// The tracker decides nothing, so it has no choreography, and has no database, so it has no store. It needs the declarations
// of all services, so only the platform can make a command of it.
func TestTheTrackerOnlyWatches(t *testing.T) {
	t.Parallel()
	if got, want := folders(t, "services/tracker"), []string{"app", "internal"}; !slices.Equal(got, want) {
		t.Errorf("services/tracker has the folders %v, want %v", got, want)
	}
	for _, file := range []string{"services/tracker/go.mod", "services/tracker/app/app.go",
		"services/platform/cmd/tracker/main.go"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Errorf("there is no %s", file)
		}
	}
	if app := run.Tracker; len(app.Bindings) > 0 || app.Migrations != nil || app.Answerers != nil || app.Storefront != nil {
		t.Error("the tracker does more than watch")
	}
	each(t,
		func(s source) bool { return s.service() == "tracker" && !s.test },
		func(_ source, imported string) bool {
			return imported != "gorm.io/gorm" && imported != "shared/database"
		})
}

func TestEveryMachineOfAServiceIsExploredOrLeftOutByName(t *testing.T) {
	t.Parallel()
	for _, app := range run.Apps {
		var has, says []string
		for _, b := range app.Bindings {
			has = append(has, b.Machine.String())
		}
		for _, m := range slices.Concat(app.Model.Machines, app.Model.Listeners) {
			says = append(says, m.String())
		}
		says = append(says, app.Model.Left...)
		slices.Sort(has)
		slices.Sort(says)
		if !slices.Equal(has, says) {
			t.Errorf("services/%s has the machines %v, its model names %v", app.Name, has, says)
		}
	}
}

func TestThePlatformRunsEveryService(t *testing.T) {
	t.Parallel()
	var names []string
	for _, app := range run.Apps {
		names = append(names, app.Name)
		for _, b := range app.Bindings {
			if b.Machine.Service != app.Name {
				t.Errorf("the app %s runs a choreography of %s", app.Name, b.Machine.Service)
			}
		}
	}
	for _, name := range services(t) {
		if !slices.Contains(names, name) {
			t.Errorf("services/%s is not in the list of services/platform/services/services.go", name)
		}
	}
	if n := len(services(t)); len(names) != n {
		t.Errorf("the platform runs %v: there are %d services", names, n)
	}
}

// keyless are commands of requests that take no key, in services that have such with one.
var keyless = map[string]string{
	"record_interactions": "batches of what many visitors did; one that is sent twice counts twice",
	"change_preferences":  "a PUT: the same once more changes nothing",
	"unsubscribe":         "the link in a mail: once more changes nothing",
	"offer_promotion":     "the service itself offers a promotion, to each customer once",
	"end_promotion":       "the service itself ends a promotion, once it was offered to all",
}

// The answers to requests with a key are restored from the topic when a database is lost.
func TestWhatARequestWithAKeyLeadsToTellsOfTheRequest(t *testing.T) {
	t.Parallel()
	request := reflect.TypeFor[*schemas.Request]()
	tells := func(k saga.Kind) bool {
		field, there := reflect.TypeOf(k.Example()).FieldByName("Request")
		if there && (field.Type != request || field.Tag.Get("json") != "request,omitempty" || field.Tag.Get("x") != "personal") {
			t.Errorf("%s has another Request than an optional, personal %s", k.Name(), request)
		}
		return there
	}
	keyed := 0
	for _, app := range run.Apps {
		if app.Migrations == nil || !keepsKeys(t, app.Migrations) {
			continue
		}
		for _, b := range app.Bindings {
			for _, r := range b.Machine.Rows {
				for _, said := range r.Emits {
					if saga.IsCommand(r.On) && keyless[r.On.Name()] == "" && !tells(said) {
						t.Errorf("%s, which %s leads to, does not tell of the request: give it the field Request", said.Name(), r.On.Name())
					}
				}
				if saga.IsCommand(r.On) {
					keyed++
				}
			}
		}
	}
	if keyed < 5 {
		t.Errorf("%d commands: this test looks in the wrong place", keyed)
	}
}

func keepsKeys(t *testing.T, migrations fs.FS) bool {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(text, []byte("idempotency_keys"))
	})
}

func TestEveryModuleIsInTheWorkspace(t *testing.T) {
	t.Parallel()
	work, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	modules := []string{"./schemas", "./shared"}
	for _, name := range folders(t, "services") {
		modules = append(modules, "./services/"+name)
	}
	for _, module := range modules {
		if !strings.Contains(string(work), "\t"+module+"\n") {
			t.Errorf("go.work does not use %s: its tests never run; make tidy adds it", module)
		}
	}
}

func TestNoTestIsSkippedAndNothingIsLeftToDo(t *testing.T) {
	t.Parallel()
	words := []string{"t.Ski" + "p(", "t.Ski" + "pf(", "t.Ski" + "pNow(", "b.Ski" + "p(", "TO" + "DO", "FIX" + "ME"}
	for _, s := range sources(t) {
		content, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if strings.Contains(string(content), word) {
				t.Errorf("%s says %s", s.path, word)
			}
		}
	}
}

// Package idempotency reads and writes the table; each service that uses it makes it with a migration of its own. The
// storefront's had a table before the others.
func TestServicesKeepIdempotencyKeysInTheSameTable(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(filepath.Join(root, "shared/httpserver/idempotency/testdata/migrations/00001_idempotency_keys.sql"))
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, name := range services(t) {
		got, err := os.ReadFile(filepath.Join(root, "services", name, "internal/store/migrations/00002_idempotency_keys.sql"))
		if name == "storefront" || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if same++; err != nil || !bytes.Equal(got, want) {
			t.Errorf("services/%s has another table (%v)", name, err)
		}
	}
	if same < 2 {
		t.Errorf("%d services have the table: this test looks in the wrong place", same)
	}
}
