package command

import (
	"context"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// listeners are the addresses of a running platform, as flags; without them it is the one that runs on --data-dir.
type listeners struct{ url, opsURL string }

func (l *listeners) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.url, "url", "",
		"customers' listener of a running platform; tokens are signed with the key in --data-dir or --jwt-key-file")
	cmd.Flags().StringVar(&l.opsURL, "ops-url", "",
		"its operators' listener (default: that of the platform on --data-dir, if that one is at --url)")
}

func (l listeners) check() error {
	switch {
	case l.url == "" && l.opsURL != "":
		return service.Usage("ops-url: needs --url")
	case l.url != "" && !isWebAddress(l.url), l.opsURL != "" && !isWebAddress(l.opsURL):
		return service.Usage("url, ops-url: want http://host:port or https://host:port")
	}
	return nil
}

// find returns the addresses of a platform that runs, and the key that signs its tokens.
func (l listeners) find(ctx context.Context, c service.Config, command string) (customers, operators string, key []byte,
	err error) {
	if err := l.check(); err != nil {
		return "", "", nil, err
	}
	if l.url == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return "", "", nil, err
		}
		customers, operators = r.StorefrontURL, r.OperatorsURL
	} else if operators, err = l.operators(ctx, c, command); err != nil {
		return "", "", nil, err
	} else {
		customers = l.url
	}
	if key, err = c.InstalledKey(); err != nil {
		return "", "", nil, service.Environment("%s: %w", command, err)
	}
	return customers, operators, key, nil
}

// operators is the operators' listener of the platform at --url: that of --ops-url, or that in running.json of --data-dir. No
// other is guessed: it could be another installation's.
func (l listeners) operators(ctx context.Context, c service.Config, command string) (string, error) {
	if l.opsURL != "" {
		return l.opsURL, nil
	}
	if r, err := run.ReadRunning(c.DataDir); err == nil && sameListener(r.StorefrontURL, l.url) {
		return r.OperatorsURL, nil
	}
	if err := demo.Reach(ctx, l.url); err != nil {
		return "", service.Environment("%s: %w", command, err)
	}
	return "",
		service.Usage("ops-url: say the operators' listener of the platform at %s; the platform on the data directory %s is another",
			l.url, c.DataDir)
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// sameListener tells whether two URLs name the same port of the same host.
func sameListener(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	host := func(u *url.URL) string { return strings.Replace(u.Hostname(), "localhost", "127.0.0.1", 1) }
	return errX == nil && errY == nil && host(x) == host(y) && x.Port() == y.Port() && x.Host != ""
}
