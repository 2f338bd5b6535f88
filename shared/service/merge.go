package service

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

const defaultFile = "orderflow.yaml"

// merge sets each flag that was not on the command line from the environment or the file. One file serves all commands:
// it may hold the flags of any of them, and nothing else.
func merge(cmd *cobra.Command) (faults []error) {
	v := viper.New()
	v.SetEnvPrefix("orderflow")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if fault := readFile(v, cmd); fault != nil {
		faults = append(faults, fault)
	}
	for _, key := range v.AllKeys() {
		if !slices.Contains(flagsOf(cmd.Root()), key) {
			faults = append(faults, fmt.Errorf("%s: unknown setting %q: %s has no such flag",
				v.ConfigFileUsed(), key, cmd.Root().Name()))
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" || !v.IsSet(f.Name) {
			return
		}
		value := v.GetString(f.Name)
		if _, list := v.Get(f.Name).([]any); list {
			value = strings.Join(v.GetStringSlice(f.Name), ",")
		}
		if cmd.Flags().Set(f.Name, value) != nil {
			// pflag's message repeats the value.
			faults = append(faults, fmt.Errorf("%s: not a valid %s", f.Name, f.Value.Type()))
		}
	})
	return faults
}

func readFile(v *viper.Viper, cmd *cobra.Command) error {
	path, explicit := v.GetString("config"), true
	if f := cmd.Flags().Lookup("config"); f != nil && f.Changed {
		path = f.Value.String()
	}
	if path == "" {
		path, explicit = defaultFile, false
	}
	v.SetConfigFile(path)
	v.SetConfigType("yaml")
	err := v.ReadInConfig()
	switch {
	case err == nil, !explicit && errors.Is(err, os.ErrNotExist):
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("config: there is no file %s", path)
	}
	return fmt.Errorf("config: %s cannot be read as YAML: %w", path, err)
}

// flagsOf lists the flags of a command and its subcommands.
func flagsOf(cmd *cobra.Command) (names []string) {
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.PersistentFlags().VisitAll(add)
	cmd.Flags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		names = append(names, flagsOf(sub)...)
	}
	return names
}
