package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// access is the result of topics acls.
type access struct {
	Grants  []kafka.Grant `json:"grants"`  // what there should be
	Missing []kafka.Grant `json:"missing"` // with --check
	Surplus []string      `json:"surplus"`
}

// topicsACLs prints, compares or applies what the services may do in Kafka.
func topicsACLs() *cobra.Command {
	var apply, check, asJSON bool
	var passwords string
	cmd := &cobra.Command{
		Use:   "acls",
		Short: "What each service may do in Kafka: print it, compare a cluster with it, or apply it",
		Long: "Prints the grants that the services need, from their choreographies: each writes its own topic and reads that and\n" +
			"its inputs, nothing else. The user of a service is orderflow_NAME; orderflow_scaler may see their\n" +
			"lag. The brokers need an authorizer, and the user of --kafka-user the right to alter the cluster.\n\n" +
			"--check compares a cluster with them: exit code 1 if a grant is missing, or a service may do more.\n" +
			"--apply adds what is missing, and then removes what these users may do beyond it. Other users stay as they are.\n" +
			"--passwords DIR first sets the SCRAM-SHA-512 password of each service from the file DIR/NAME, and that of\n" +
			"orderflow_scaler from DIR/scaler, if there is one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case check && apply:
				return service.Usage("topics acls: give --check or --apply, not both")
			case passwords != "" && !apply:
				return service.Usage("topics acls: --passwords needs --apply")
			}
			found := access{Grants: append(service.Grants(run.Apps...), service.ScalerGrants(run.Apps...)...)}
			if !check && !apply {
				return found.print(cmd.OutOrStdout(), asJSON, found.Grants)
			}
			secrets, err := readPasswords(passwords, append(names(run.Apps), scaler), scaler)
			if err != nil {
				return err
			}
			_, client, err := dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), applying)
			defer cancel()
			if apply {
				err = found.apply(ctx, client, secrets)
			} else {
				err = found.compare(ctx, client)
			}
			if err != nil {
				return service.Environment("topics acls: %w", err)
			}
			if err := found.print(cmd.OutOrStdout(), asJSON, found.Missing); err != nil || apply {
				return err
			}
			if n := len(found.Missing) + len(found.Surplus); n > 0 {
				return service.Failed("topics acls: %d grants are missing, %d are too many; run `orderflow topics acls --apply`",
					len(found.Missing), len(found.Surplus))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&check, "check", false, "compare the cluster with the grants")
	f.BoolVar(&apply, "apply", false, "make the cluster's grants to the services these")
	f.StringVar(&passwords, "passwords", "", "directory with a file for each service that holds its password")
	f.BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

// applying is the timeout for all changes together.
const applying = time.Minute

func (a *access) compare(ctx context.Context, client *kafka.Client) error {
	missing, surplus, err := client.CompareAccess(ctx, users(run.Apps), a.Grants)
	a.Missing = missing
	for _, e := range surplus {
		a.Surplus = append(a.Surplus, e.String())
	}
	return err
}

// apply leaves in a what it has changed.
func (a *access) apply(ctx context.Context, client *kafka.Client, passwords map[string]string) error {
	for _, user := range users(run.Apps) {
		if password, given := passwords[strings.TrimPrefix(user, "orderflow_")]; given {
			if err := client.SetPassword(ctx, user, password); err != nil {
				return err
			}
		}
	}
	missing, surplus, err := client.CompareAccess(ctx, users(run.Apps), a.Grants)
	if err == nil && len(missing) > 0 {
		err = client.Grant(ctx, missing)
	}
	if err == nil && len(surplus) > 0 {
		err = client.Revoke(ctx, surplus)
	}
	a.Missing = missing
	for _, e := range surplus {
		a.Surplus = append(a.Surplus, e.String())
	}
	return err
}

func names(apps []service.App) (all []string) {
	for _, app := range apps {
		all = append(all, app.Name)
	}
	return all
}

func users(apps []service.App) (names []string) {
	for _, app := range apps {
		names = append(names, app.User())
	}
	return append(names, service.Scaler)
}

// scaler is the file with the password of service.Scaler, which only those need who scale by lag.
const scaler = "scaler"

func (a *access) print(to io.Writer, asJSON bool, grants []kafka.Grant) error {
	return printed(to, asJSON, a, func() error {
		for _, g := range grants {
			if _, err := fmt.Fprintln(to, g); err != nil {
				return err
			}
		}
		for _, line := range a.Surplus {
			if _, err := fmt.Fprintln(to, "too many:", line); err != nil {
				return err
			}
		}
		return nil
	})
}

// readPasswords reads the passwords of these names from the files in dir; none if dir is empty. All must be there before any is
// set, but for those that may be missing.
func readPasswords(dir string, names []string, mayMiss ...string) (map[string]string, error) {
	all := map[string]string{}
	if dir == "" {
		return all, nil
	}
	var faults []error
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(mayMiss, name) {
			continue
		}
		password := strings.TrimSpace(string(text))
		switch {
		case err != nil:
			faults = append(faults, err)
		case len(password) < 16 || strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r > '~' }):
			faults = append(faults, fmt.Errorf("%s: want at least 16 printable ASCII characters", filepath.Join(dir, name)))
		}
		all[name] = password
	}
	if err := errors.Join(faults...); err != nil {
		return nil, service.Usage("passwords: %w", err)
	}
	return all, nil
}
