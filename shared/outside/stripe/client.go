// Package stripe is what the adapters to Stripe of several services have in common: the client, the errors that are no
// answers, and amounts in Stripe's units.
//
// It knows nothing of payments: each service's adapter decides what an answer means, under its internal folder. The key is
// in no error and no log: Stripe's own client logs nothing here, and its error texts are never passed on.
package stripe

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v82"

	"orderflow.example/shared/outside"
)

const (
	timeout   = 30 * time.Second // for the whole answer to one request: a card issuer takes seconds
	maxAnswer = 1 << 20          // bytes of an answer: a page of refunds
)

// New returns a client that sends each request once: the engine retries, under the same idempotency key. The errors say
// which setting is wrong, and never repeat the key.
func New(key, address string) (*sdk.Client, error) {
	to, err := url.Parse(address)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, errors.New("stripe-url: want https://…, the address of Stripe or of what stands in for it")
	}
	own := to.Scheme == "https" && (to.Hostname() == "stripe.com" || strings.HasSuffix(to.Hostname(), ".stripe.com"))
	switch {
	case strings.HasPrefix(key, "pk_"):
		return nil, errors.New("stripe-key-file: it holds a publishable key; want the secret one (sk_…) or a restricted one (rk_…)")
	case !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_") || strings.ContainsFunc(key, unprintable):
		return nil, errors.New("stripe-key-file: it holds no key of Stripe; want one line that begins with sk_ or rk_")
	case strings.HasPrefix(key[3:], "live_") && !own:
		return nil, errors.New("stripe-url: a live key is sent to " + sdk.APIURL + " alone; use a test key here")
	}
	web := outside.HTTP(timeout)
	web.Transport = bounded{web.Transport, strings.TrimSuffix(to.Path, "/")}
	return sdk.NewClient(key, sdk.WithBackends(sdk.NewBackendsWithConfig(&sdk.BackendConfig{
		URL: sdk.String(to.Scheme + "://" + to.Host), HTTPClient: web, MaxNetworkRetries: sdk.Int64(0),
		EnableTelemetry: sdk.Bool(false), LeveledLogger: &sdk.LeveledLogger{Level: sdk.LevelNull},
	}))), nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// bounded cuts answers that are too long: the client reads them as a whole. It adds the path of the address to requests, behind
// the back of the SDK, which takes no answer from a path that does not begin with its version.
type bounded struct {
	next http.RoundTripper
	path string
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	below := r.Clone(r.Context())
	below.URL.Path = b.path + r.URL.Path
	if r.URL.RawPath != "" {
		below.URL.RawPath = b.path + r.URL.RawPath
	}
	res, err := b.next.RoundTrip(below)
	if err == nil {
		res.Request = r
		res.Body = cut{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

type cut struct {
	io.Reader
	io.Closer
}
