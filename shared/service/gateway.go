package service

import (
	"os"
	"strings"
)

// The settings of the payment gateway, for the services that ask it or hear from it.
var (
	Gateway = Flag[string]{Name: "gateway", Default: "simulator", Want: "simulator or stripe",
		Usage: "payment gateway: simulator (or what has its contract, at --gateway-url) or stripe",
		Valid: func(s string) bool { return s == "simulator" || s == "stripe" }}
	GatewayURL = gatewayURL()
	StripeURL  = Flag[string]{Name: "stripe-url", Default: "https://api.stripe.com", Want: "empty, http://… or https://…",
		Usage: "Stripe, or what stands in for it; empty: simulated", Needed: WithStripe,
		Valid: func(s string) bool { return s == "" || isURL(s, "http", "https") }}
	StripeKeyFile           = Flag[string]{Name: "stripe-key-file", Usage: "file with the secret key of the account at Stripe"}
	StripeWebhookSecretFile = SecretFile("stripe-webhook-secret-file", "signing secret of the webhook endpoint at Stripe")
)

func gatewayURL() Flag[string] {
	flag := AdapterURL("gateway-url", "payment gateway")
	flag.Needed = func(c Config) bool { return !WithStripe(c) }
	return flag
}

// WithStripe tells whether Stripe is the payment gateway.
func WithStripe(c Config) bool { return Gateway.Of(c) == "stripe" }

// WithSimulatedGateway tells whether the simulated gateway takes the payments, so that no money moves.
func WithSimulatedGateway(c Config) bool {
	return !WithStripe(c) && strings.HasSuffix(GatewayURL.Of(c), "/sim/gateway")
}

// StripeKey reads the secret key of the account at Stripe. An error is one line that says what to do, without the content.
func StripeKey(c Config) (string, error) {
	return stripeSecret(c, StripeKeyFile, "the secret key of the account")
}

// CheckStripeWebhookSecret finds what is wrong with the signing secret of Stripe's webhook endpoint. Only what stands in for
// Stripe can do without the file.
func CheckStripeWebhookSecret(c Config) error {
	if StripeWebhookSecretFile.Of(c) == "" && (!WithStripe(c) || StripeURL.Of(c) != StripeURL.Default) {
		return nil
	}
	secret, err := stripeSecret(c, StripeWebhookSecretFile, "the signing secret of the webhook endpoint")
	if err == nil && !strings.HasPrefix(secret, "whsec_") {
		return Usage("%s: it holds no signing secret; want one line that begins with whsec_", StripeWebhookSecretFile.Name)
	}
	return err
}

func stripeSecret(c Config, flag Flag[string], what string) (string, error) {
	path := flag.Of(c)
	switch {
	case !WithStripe(c) && path != "":
		return "", Usage("%s: it has no effect without --gateway stripe: add that, or leave it out", flag.Name)
	case !WithStripe(c):
		return "", nil
	case path == "":
		return "", Usage("--gateway stripe needs --%s FILE, with %s", flag.Name, what)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", Usage("%s: %w", flag.Name, err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", Usage("%s: %s does not hold one line with %s", flag.Name, path, what)
	}
	return secret, nil
}
