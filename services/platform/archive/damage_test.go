package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/archive"
)

func TestEachKindOfDamageInASegmentIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, upTo(1, 300)...)
	a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, SegmentBytes: 5000, All: true}
	archived(t, a)
	names := slices.Sorted(maps.Keys(store))
	victim := names[len(names)/2]
	whole := store[victim]
	check := func(what string, named string) {
		t.Helper()
		found, err := readBack(t, store, map[int]int64{0: 300}, nil)
		if err == nil || !strings.Contains(err.Error(), named) {
			t.Fatalf("%s: %v", what, err)
		}
		for i, rec := range found[0] {
			if !same(rec, record(0, int64(i+1))) {
				t.Fatalf("%s: a damaged record was passed on", what)
			}
		}
	}
	damage := func(what string, with []byte) {
		t.Helper()
		store[victim] = with
		check(what, victim)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		changed := bytes.Clone(whole)
		at := r.IntN(len(changed))
		changed[at] ^= 1 << r.IntN(8)
		damage(fmt.Sprintf("bit of byte %d", at), changed)
	}
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/100 {
		damage(fmt.Sprintf("cut to %d", cut), whole[:cut])
	}
	damage("one byte short", whole[:len(whole)-1])
	damage("something appended", append(bytes.Clone(whole), 0))
	damage("another segment under its name", store[names[0]])
	damage("newer format", bytes.Replace(whole, []byte("orderflow segment 1"), []byte("orderflow segment 9"), 1))
	delete(store, victim)
	check("a file that is not there", "there is no segment with number")
	store[victim] = whole
	if found, err := readBack(t, store, map[int]int64{0: 300}, nil); err != nil || len(found[0]) != 300 {
		t.Error("the undamaged file is refused: ", err)
	}
	last := names[len(names)-1]
	store[last] = store[last][:40]
	log.append(0, 301)
	if got := archived(t, a)[0]; !strings.Contains(got.Fault, last) || got.Segments > 0 {
		t.Errorf("archiving went on after a damaged segment: %+v", got)
	}
}

func TestASegmentOfAnotherInstallationBetweenThoseOfThisOneIsFound(t *testing.T) {
	t.Parallel()
	log, other, store, others := logs{}, logs{}, files{}, files{}
	archive := func(log logs, to files) {
		archived(t, archive.Archiving{Log: log, Store: to, Topics: []string{topic}, Partitions: 1, SegmentBytes: 3000, All: true})
	}
	log.append(0, upTo(1, 200)...)
	archive(log, store)
	log.append(0, upTo(201, 300)...)
	archive(log, store) // it goes on after the last segment
	if found, err := readBack(t, store, map[int]int64{0: 300}, nil); err != nil || len(found[0]) != 300 {
		t.Fatal(err)
	}
	other.append(0, upTo(1, 300)...)
	for i := range other[0] {
		other[0][i].ID = "of-2-" + other[0][i].ID[len("id-0-"):]
	}
	archive(logs{0: other[0][:200]}, others)
	archive(other, others)
	names := slices.Sorted(maps.Keys(store))
	if !slices.Equal(names, slices.Sorted(maps.Keys(others))) {
		t.Fatal("the files of both are named otherwise")
	}
	for _, name := range names[1:] {
		swapped := maps.Clone(store)
		swapped[name] = others[name]
		if _, err := readBack(t, swapped, map[int]int64{0: 300}, nil); err == nil || !strings.Contains(err.Error(), name) ||
			!strings.Contains(err.Error(), "of another installation") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFullDiskLeavesNoFileBehind(t *testing.T) {
	t.Parallel()
	log := logs{}
	log.append(0, upTo(1, 100)...)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "segments"), nil, 0o600); err != nil { // so that no directory can be created
		t.Fatal(err)
	}
	a := archive.Archiving{Log: log, Store: archive.Dir(dir), Topics: []string{topic}, Partitions: 1, All: true}
	_, err := a.Run(t.Context())
	var path *os.PathError
	if !errors.As(err, &path) {
		t.Errorf("%v", err)
	}
}

func TestSegmentsOfTwoRunsAtOnceOverlapAndAreReadOnce(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, upTo(1, 200)...)
	other := files{}
	archived(t, archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, SegmentBytes: 3000, All: true})
	archived(t, archive.Archiving{Log: log, Store: other, Topics: []string{topic}, Partitions: 1, SegmentBytes: 7000, All: true})
	maps.Copy(store, other)
	found, err := readBack(t, store, map[int]int64{0: 200}, nil)
	if err != nil || len(found[0]) != 200 {
		t.Errorf("%d, %v", len(found[0]), err)
	}
}
