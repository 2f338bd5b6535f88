package exploration_test

import (
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas/payment"
	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// byItself are the roots of a model in which the gateway does this by itself.
func byItself(t *testing.T, does string) explore.Model {
	t.Helper()
	for _, m := range exploration.All() {
		m.Roots = slices.DeleteFunc(m.Roots, func(r explore.Root) bool { return !strings.Contains(r.Name, "the gateway "+does) })
		if len(m.Roots) > 0 {
			return m
		}
	}
	t.Fatalf("no root has a gateway that %s", does)
	return explore.Model{}
}

func TestAnOrderEndsWhateverTheGatewayDoesByItselfAndWhenever(t *testing.T) {
	t.Parallel()
	for does, said := range map[string][]saga.Kind{
		"charges back":           {payment.ChargedBack, payment.ChargebackReversed, payment.DisputeLost},
		"takes a refund back":    {payment.RefundReversed},
		"notifies of everything": {payment.Authorized, payment.Captured, payment.Voided},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			m := byItself(t, does)
			if does == "charges back" { // make explore tries all of them
				m.Roots = slices.DeleteFunc(m.Roots, func(r explore.Root) bool { return strings.Contains(r.Name, "cancels") })
			}
			r := exploration.Run(m, explore.Options{})
			if r.Violation != nil {
				t.Fatalf("%s", r.Violation)
			}
			for _, kind := range said {
				if slices.Contains(r.Unsaid, kind.Name()) {
					t.Errorf("nothing leads to %s", kind.Name())
				}
			}
			t.Logf("%d states, %d transitions, %d deep, in %.1f s", r.States, r.Transitions, r.Depth, r.Seconds)
		})
	}
}
