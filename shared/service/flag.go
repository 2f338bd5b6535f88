package service

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Flag is a setting that a service declares for itself. Like those of Config it is a flag, an environment variable and a
// key of orderflow.yaml. Services that share a flag declare it alike.
type Flag[T string | int | float64 | time.Duration] struct {
	Name, Usage string
	Default     T
	Valid       func(T) bool        // nil: any value
	Check       func(T) error       // nil, or what is wrong with a value, where it is more than Want can say
	Want        string              // the values that Valid accepts: "1s to 1h"
	Needed      func(c Config) bool // a service that runs alone does not start without it; nil: it does
}

// Declared is a Flag of any type.
type Declared interface {
	bind(to *pflag.FlagSet)
	missing(c Config) bool
	name() string
}

// Settings are the values of Flags by name. A Flag without one has the zero value of its type.
type Settings map[string]any

// With returns the configuration with these settings changed.
func (c Config) With(changed Settings) Config {
	own := maps.Clone(c.Own)
	if own == nil {
		own = Settings{}
	}
	maps.Copy(own, changed)
	c.Own = own
	return c
}

// Changed returns the settings that are not those of the flags by default, as text.
func (s Settings) Changed(flags ...Declared) map[string]string {
	defaults, changed := pflag.NewFlagSet("", pflag.ContinueOnError), map[string]string{}
	for _, flag := range flags {
		flag.bind(defaults)
	}
	for name, value := range s {
		if f := defaults.Lookup(name); f != nil && fmt.Sprint(value) != f.DefValue {
			changed[name] = fmt.Sprint(value)
		}
	}
	return changed
}

// Arguments returns the settings that the App declares as arguments of its command.
func (a App) Arguments(s Settings) (args []string) {
	for _, flag := range a.Flags {
		if v, ok := s[flag.name()]; ok {
			args = append(args, fmt.Sprintf("--%s=%v", flag.name(), v))
		}
	}
	return args
}

// Missing are the settings without which the App cannot run alone.
func (a App) Missing(c Config) (names []string) {
	for _, flag := range a.Flags {
		if flag.missing(c) {
			names = append(names, flag.name())
		}
	}
	return names
}

// Of returns the flag's value in a configuration.
func (f Flag[T]) Of(c Config) (v T) {
	if set, ok := c.Own[f.Name]; ok {
		v = set.(T)
	}
	return v
}

// AdapterURL is the flag for the address of an outside party, which the platform simulates where none is given.
func AdapterURL(name, party string) Flag[string] {
	return Flag[string]{Name: name, Usage: party + " (default: simulated)", Want: "http://… or https://…",
		Needed: func(Config) bool { return true },
		Valid:  func(s string) bool { return s == "" || isURL(s, "http", "https") }}
}

// bind panics if another declaration has the name: the services cannot run in one process.
func (f Flag[T]) bind(to *pflag.FlagSet) {
	v := &setting[T]{f, f.Default}
	if other := to.Lookup(f.Name); other == nil {
		to.Var(v, f.Name, f.Usage)
	} else if _, own := other.Value.(interface{ get() any }); !own || other.Value.Type() != v.Type() ||
		other.DefValue != v.String() || other.Usage != f.Usage {
		panic(fmt.Sprintf("service: --%s is declared twice, once as %q and once as %q: rename one, or declare both alike",
			f.Name, other.Usage, f.Usage))
	}
}

// missing tells whether a service that runs alone lacks this flag.
func (f Flag[T]) missing(c Config) bool {
	var zero T
	return f.Needed != nil && f.Needed(c) && f.Of(c) == zero
}

func (f Flag[T]) name() string { return f.Name }

// setting is the value of a Flag on a command line.
type setting[T string | int | float64 | time.Duration] struct {
	Flag[T]
	value T
}

func (s *setting[T]) Set(text string) (err error) {
	switch to := any(&s.value).(type) {
	case *string:
		*to = text
	case *int:
		*to, err = strconv.Atoi(text)
	case *float64:
		*to, err = strconv.ParseFloat(text, 64)
	case *time.Duration:
		*to, err = time.ParseDuration(text)
	}
	return err
}

func (s *setting[T]) String() string { return fmt.Sprint(s.value) }

func (s *setting[T]) Type() string {
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", s.value), "time."))
}

func (s *setting[T]) get() any { return s.value }

func (s *setting[T]) check() error {
	if s.Check != nil {
		if err := s.Check(s.value); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	if s.Valid == nil || s.Valid(s.value) {
		return nil
	}
	return fmt.Errorf("%s: want %s", s.Name, s.Want)
}

// settings returns the values of all Flags of a command, and their faults.
func settings(cmd *cobra.Command) (all Settings, faults []error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		own, ok := f.Value.(interface {
			get() any
			check() error
		})
		if !ok {
			return
		}
		if all == nil {
			all = Settings{}
		}
		all[f.Name] = own.get()
		if err := own.check(); err != nil {
			faults = append(faults, err)
		}
	})
	return all, faults
}
