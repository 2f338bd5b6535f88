package house_test

import (
	"slices"
	"strings"
	"testing"
)

// each reports every import that a rule forbids. The rule must apply to some file, or it checks nothing.
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

// Models of services are expressed in types that all services share.
func TestTheModelOfAServiceKnowsOnlyItsOwnServiceAndTheVocabulary(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return s.service() != "" && s.folder == "services/"+s.service()+"/model" },
		func(s source, imported string) bool {
			return standard(imported) || imported == "services/"+s.service() || within(imported, "shared/saga") ||
				within(imported, "schemas")
		})
}

// The platform runs and observes services; it knows them only by a list.
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
		func(s source) bool { return within(s.path, "shared") && !within(s.folder, "shared/service") },
		func(_ source, imported string) bool { return !within(imported, "shared/service") })
}

func TestSharedIsAClosedList(t *testing.T) {
	t.Parallel()
	want := []string{"database", "embedded", "engine", "httpserver", "kafka", "measure", "outside", "saga", "sagatest", "service",
		"tracing", "typeset"}
	if got := folders(t, "shared"); !slices.Equal(got, want) {
		t.Errorf("shared holds %v, want %v: what only some services need belongs to them", got, want)
	}
}

// Packages that only write files and draw pictures are in no program: they import Grafana's builders.
func TestNothingThatRunsImportsTheDashboards(t *testing.T) {
	t.Parallel()
	each(t,
		func(s source) bool { return !within(s.folder, "services/platform/observe") },
		func(_ source, imported string) bool { return !within(imported, "services/platform/observe") })
}
