package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// Token prints a signed token for trying the API.
func Token() *cobra.Command {
	var customer string
	var operator bool
	var ttl time.Duration
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Prints a signed token for trying the API of the installation in --data-dir",
		Example: "  curl -H \"Authorization: Bearer $(orderflow token --customer ann)\" http://127.0.0.1:8080/v1/orders",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			audience, subject := httpserver.AudienceCustomers, customer
			switch {
			case operator == (customer != ""):
				return service.Usage("token: want either --customer ID or --operator")
			case operator:
				audience, subject = httpserver.AudienceOperators, "operator"
			}
			key, err := c.InstalledKey()
			if err != nil {
				return service.Environment("token: %w", err)
			}
			token, err := httpserver.Mint(key, audience, subject, ttl)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	cmd.Flags().StringVar(&customer, "customer", "", "the customer's id")
	cmd.Flags().BoolVar(&operator, "operator", false, "a token for the operators' listener")
	cmd.Flags().DurationVar(&ttl, "ttl", 24*time.Hour, "how long it is valid")
	return cmd
}
