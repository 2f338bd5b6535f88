package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// hello sends a request to each listener, as a customer and as an operator. An error means that it is unreachable, does
// not answer, or does not accept the key: then it is another installation's, and nothing else is sent to it.
func (c *client) hello(ctx context.Context) error {
	customer, err := c.as("demo")
	if err != nil {
		return err
	}
	first := *c
	first.patience = min(c.patience, greeting)
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	for _, listener := range []struct{ flag, url, token string }{
		{"--url", c.storefront, customer}, {"--ops-url", c.operators, c.operator},
	} {
		_, _, err := first.ask(ctx, asked{method: http.MethodGet, url: listener.url + "/v1/orders?limit=1", token: listener.token,
			first: true}, nil)
		var no *refusal
		switch {
		case errors.As(err, &no) && no.Status == http.StatusUnauthorized:
			return fmt.Errorf("the platform at %s does not know the key of this data directory: "+
				"give the --data-dir or --jwt-key-file of that platform",
				listener.url)
		case errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("the platform at %s does not answer within %v: continue it if it was stopped, or restart it",
				listener.url, greeting)
		case errors.As(err, &no):
			return fmt.Errorf("%s is not the listener that %s names: it answers %w", listener.url, listener.flag, no)
		case err != nil:
			return fmt.Errorf("no platform answers at %s: %w; start it, or give its address with %s", listener.url, err, listener.flag)
		}
	}
	return nil
}

// Reach returns an error unless an HTTP server answers at the URL.
func Reach(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no platform answers at %s: %w; start it, or give its address with --url", url, err)
	}
	return res.Body.Close()
}

// greeting is the timeout of the first answer of a platform.
const greeting = 5 * time.Second

// nobody reports whether an error means that nothing listens, or that there is no such host.
func nobody(err error) bool {
	var lookup *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &lookup)
}
