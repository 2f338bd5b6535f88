package house_test

import (
	"slices"
	"strings"
	"testing"
)

// each complains about every import that a rule forbids. The rule must apply to some file, or it guards nothing.
func each(t *testing.T, applies func(source) bool, allowed func(s source, imported string) bool) {
	t.Helper()
	applied := false
	for _, s := range sources(t) {
		if !applies(s) {
			continue
		}
		applied = true
		for _, imported := range s.imports {
			if !allowed(s, imported) {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
	}
	if !applied {
		t.Error("the rule applies to no file")
	}
}

func TestTheRootOfAServiceKnowsOnlyTheVocabulary(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool {
			return strings.Count(s.folder, "/") == 1 && s.service() != "" && !s.test && s.service() != "platform"
		},
		func(_ source, imported string) bool {
			return standard(imported) || imported == "shared/saga" || within(imported, "schemas") && imported != "schemas/registry"
		})
}

// What a service says of itself to those who look at the whole, it says in words that all services have.
func TestTheModelOfAServiceKnowsOnlyItsOwnServiceAndTheVocabulary(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return s.service() != "" && s.folder == "services/"+s.service()+"/model" },
		func(s source, imported string) bool {
			return standard(imported) || imported == "services/"+s.service() || within(imported, "shared/saga") ||
				within(imported, "schemas")
		})
}

// The platform runs services and looks at them; of what they are it has only a list.
func TestThePlatformNamesServicesInOneListOnly(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool {
			return s.service() == "platform" && !s.test && !within(s.folder, "services/platform/services")
		},
		func(_ source, imported string) bool {
			return !within(imported, "services") || within(imported, "services/platform") || within(imported, "services/tracker")
		})
}

func TestServicesNeverImportEachOther(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return s.service() != "" && s.service() != "platform" },
		func(s source, imported string) bool {
			return !within(imported, "services") || within(imported, "services/"+s.service())
		})
}

func TestSharedKnowsNeitherServicesNorTheirEvents(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return within(s.path, "shared") },
		func(s source, imported string) bool {
			return !within(imported, "services") && !within(imported, "schemas")
		})
}

func TestTheVocabularyImportsTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return within(s.folder, "shared/saga") },
		func(_ source, imported string) bool { return standard(imported) || within(imported, "shared/saga") })
	each(t,
		func(s source) bool { return within(s.path, "schemas") && !s.test },
		func(_ source, imported string) bool {
			return standard(imported) || within(imported, "shared/saga") || within(imported, "schemas")
		})
}

func TestOnlyServicesAndThePlatformKnowTheServicePackage(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return within(s.path, "shared") && s.folder != "shared/service" },
		func(_ source, imported string) bool { return imported != "shared/service" })
}

func TestSharedIsAClosedList(t *testing.T) {
	t.Parallel()
	want := []string{"database", "embedded", "engine", "httpserver", "kafka", "measure", "outside", "saga", "sagatest", "service"}
	if got := folders(t, "shared"); !slices.Equal(got, want) {
		t.Errorf("shared holds %v, want %v: what only some services need belongs to them", got, want)
	}
}

// What only writes files and draws pictures is in no program: it brings Grafana's builders along.
func TestNothingThatRunsImportsTheDashboards(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return !within(s.folder, "services/platform/observe") },
		func(_ source, imported string) bool { return !within(imported, "services/platform/observe") })
}
