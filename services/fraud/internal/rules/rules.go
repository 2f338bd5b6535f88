// Package rules reads the rules of fraud from a file: YAML with expressions, checked before any of them is applied.
//
// An expression sees nothing but the facts, has no clock and calls nothing outside, so that it gives the same for the same facts.
package rules

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"orderflow.example/services/fraud"
)

// MaxSize bounds a file, in bytes: its text is in an event.
const MaxSize = 64 << 10

//go:embed default.yaml
var defaultText string

// DefaultText is the file of the rules that come with the program; Default are these rules.
var (
	DefaultText = defaultText
	Default     = mustRead(defaultText)
)

func mustRead(text string) *fraud.Rules {
	r, err := Read(text)
	if err != nil {
		panic("default.yaml: " + err.Error())
	}
	return r
}

type file struct {
	Name   string              `yaml:"name"`
	Review int64               `yaml:"review"`
	Reject int64               `yaml:"reject"`
	Card   yaml.Node           `yaml:"card"`
	Lists  map[string][]string `yaml:"lists"`
	Rules  []entry             `yaml:"rules"`
}

type entry struct {
	Name  string
	Score int64
	When  yaml.Node
	line  int
}

// UnmarshalYAML keeps the line, for errors.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	var fields struct {
		Name  string    `yaml:"name"`
		Score int64     `yaml:"score"`
		When  yaml.Node `yaml:"when"`
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; !slices.Contains([]string{"name", "score", "when"}, k.Value) {
			return fmt.Errorf("line %d: unknown field %s; a rule has name, score and when", k.Line, k.Value)
		}
	}
	if err := n.Decode(&fields); err != nil {
		return err
	}
	*e = entry{fields.Name, fields.Score, fields.When, n.Line}
	return nil
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Read reads and checks rules. The error names every fault with its line.
func Read(text string) (*fraud.Rules, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("the file has %d bytes; at most %d are read", len(text), MaxSize)
	}
	var f file
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, err
	}
	if decoder.Decode(new(yaml.Node)) != io.EOF {
		return nil, errors.New("the file has more than one document")
	}
	if err := errors.Join(f.faults()...); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bytes.TrimSpace([]byte(text)))
	r := &fraud.Rules{Name: f.Name, Version: hex.EncodeToString(sum[:6]), Review: f.Review, Reject: f.Reject}
	if err := compile(f, r); err != nil {
		return nil, err
	}
	return r, nil
}

func (f file) faults() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !nameForm.MatchString(f.Name) {
		fault("name: want lower-case letters, digits and _, at most 40, not %q", f.Name)
	}
	if f.Review < 1 || f.Reject < f.Review || f.Reject > 100 {
		fault("review: %d, reject: %d: want 1 ≤ review ≤ reject ≤ 100", f.Review, f.Reject)
	}
	if len(f.Rules) == 0 {
		fault("rules: there is none")
	}
	lines := map[string]int{}
	for _, e := range f.Rules {
		if !nameForm.MatchString(e.Name) {
			fault("line %d: name: want lower-case letters, digits and _, at most 40, not %q", e.line, e.Name)
		} else if first, twice := lines[e.Name]; twice {
			fault("line %d: the rule %s stands on line %d already", e.line, e.Name, first)
		}
		lines[e.Name] = e.line
		if e.Score < 1 || e.Score > 100 {
			fault("line %d: %s: score: want 1 to 100, not %d", e.line, e.Name, e.Score)
		}
		if e.When.Kind != yaml.ScalarNode || e.When.Value == "" {
			fault("line %d: %s: when: want an expression", e.line, e.Name)
		}
	}
	return faults
}
