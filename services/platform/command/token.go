package command

import (
	"fmt"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

type tokenFlags struct {
	customer, as             string
	operator, readOnly, link bool
	ttl                      time.Duration
}

// Token prints a signed token for trying the API, or a link that opens the console.
func Token() *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Prints a signed token for trying the API of the installation in --data-dir",
		Example: "  curl -H \"Authorization: Bearer $(orderflow token --customer ann)\" http://127.0.0.1:8080/v1/orders\n" +
			"  orderflow token --operator --as ann --link",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			if err := f.check(cmd); err != nil {
				return err
			}
			text, err := f.make(c)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().StringVar(&f.customer, "customer", "", "the customer's id")
	cmd.Flags().BoolVar(&f.operator, "operator", false, "a token for the operators' listener")
	cmd.Flags().StringVar(&f.as, "as", "", "with --operator: whose it is, in the audit (default: the system user)")
	cmd.Flags().BoolVar(&f.readOnly, "read-only", false, "with --operator: a token that can change nothing")
	cmd.Flags().BoolVar(&f.link, "link", false, "with --operator: a link instead, which opens the console once within two minutes")
	cmd.Flags().DurationVar(&f.ttl, "ttl", 24*time.Hour, "how long the token is valid")
	return cmd
}

func (f tokenFlags) check(cmd *cobra.Command) error {
	if f.operator == (f.customer != "") {
		return service.Usage("token: want either --customer ID or --operator")
	}
	for _, name := range []string{"as", "read-only", "link"} {
		if !f.operator && cmd.Flags().Changed(name) {
			return service.Usage("token: --%s is for --operator only", name)
		}
	}
	if f.link && cmd.Flags().Changed("ttl") {
		return service.Usage("token: a link is valid for two minutes: leave --ttl out")
	}
	if f.ttl <= 0 {
		return service.Usage("token: --ttl: want more than 0")
	}
	if f.operator && !httpserver.UsableSubject(actingAs(f.as)) {
		return service.Usage("token: --as: want a name of 1 to 128 bytes without control characters")
	}
	return nil
}

func (f tokenFlags) make(c service.Config) (string, error) {
	scope := httpserver.ReadWrite
	if f.readOnly {
		scope = httpserver.ReadOnly
	}
	key, err := c.InstalledKey()
	switch {
	case err != nil:
		return "", service.Environment("token: %w", err)
	case f.link:
		running, err := run.FindRunning(c.DataDir)
		if err != nil && c.ConsoleURL == "" {
			return "", err
		}
		return running.SignInLink(c, actingAs(f.as), scope)
	case f.operator:
		return httpserver.MintScoped(key, httpserver.AudienceOperators, actingAs(f.as), scope, f.ttl)
	}
	return httpserver.Mint(key, httpserver.AudienceCustomers, f.customer, f.ttl)
}

// actingAs is the name under which a command acts: the one given, or the system user.
func actingAs(name string) string {
	if name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}
