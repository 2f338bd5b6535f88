package service_test

import (
	"errors"
	"strings"
	"testing"

	"orderflow.example/shared/service"
)

func TestASecretOfStripesComesFromItsFileAndAMistakeSaysWhatToDoWithoutIt(t *testing.T) {
	t.Parallel()
	good := file(t, "\n  sk_test_not2bshown \n")
	hook := file(t, "whsec_not2bshown\n")
	for name, c := range map[string]struct {
		own  service.Settings
		want string // the key
		says string
	}{
		"the simulator":  {service.Settings{"gateway": "simulator"}, "", ""},
		"nothing chosen": {service.Settings{}, "", ""},
		"with a key":     {service.Settings{"gateway": "stripe", "stripe-key-file": good}, "sk_test_not2bshown", ""},
		"without a key":  {service.Settings{"gateway": "stripe"}, "", "--gateway stripe needs --stripe-key-file FILE"},
		"a key of no use": {service.Settings{"gateway": "simulator", "stripe-key-file": good}, "",
			"has no effect without --gateway stripe"},
		"no such file":  {service.Settings{"gateway": "stripe", "stripe-key-file": good + "x"}, "", "stripe-key-file: open "},
		"a folder":      {service.Settings{"gateway": "stripe", "stripe-key-file": t.TempDir()}, "", "stripe-key-file: read "},
		"an empty file": {service.Settings{"gateway": "stripe", "stripe-key-file": file(t, " \n")}, "", "does not hold one line"},
		"two lines": {service.Settings{"gateway": "stripe", "stripe-key-file": file(t, "sk_test_not2bshown\nx")}, "",
			"does not hold one line"},
		"a file of anything": {service.Settings{"gateway": "stripe", "stripe-key-file": file(t, "not2bshown\x00")}, "",
			"does not hold one line"},
	} {
		key, err := service.StripeKey(service.Config{Own: c.own})
		check(t, name, key, err, c.want, c.says)
	}
	for name, c := range map[string]struct {
		own  service.Settings
		says string
	}{
		"a secret":   {service.Settings{"gateway": "stripe", "stripe-webhook-secret-file": hook}, ""},
		"simulated":  {service.Settings{"gateway": "stripe"}, ""},
		"not Stripe": {service.Settings{"gateway": "simulator", "stripe-url": service.StripeURL.Default}, ""},
		"Stripe without": {service.Settings{"gateway": "stripe", "stripe-url": service.StripeURL.Default},
			"needs --stripe-webhook-secret-file"},
		"the key instead":  {service.Settings{"gateway": "stripe", "stripe-webhook-secret-file": good}, "begins with whsec_"},
		"a file of no use": {service.Settings{"stripe-webhook-secret-file": hook}, "has no effect without --gateway stripe"},
	} {
		check(t, name, "", service.CheckStripeWebhookSecret(service.Config{Own: c.own}), "", c.says)
	}
}

func check(t *testing.T, name, got string, err error, want, says string) {
	t.Helper()
	var exit *service.Exit
	switch {
	case says == "" && (err != nil || got != want):
		t.Errorf("%s: %q, %v", name, got, err)
	case says == "":
	case !errors.As(err, &exit) || exit.Code != service.CodeUsage || !strings.Contains(err.Error(), says):
		t.Errorf("%s: %v, want a mistake that says %q", name, err, says)
	case got != "", strings.Contains(err.Error(), "not2b"), strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: returns %q, %v", name, got, err)
	}
}
