package console_test

import (
	"testing"

	"orderflow.example/services/platform/trial"
)

// together has orders parked by one cause: their parcels have left, and inventory cannot process that.
func (w *world) together(t *testing.T, sku string, n int) (buyers []*trial.Buyer) {
	t.Helper()
	w.Site.Sell(t, sku, 900, 100)
	w.Gate.Shut("/sim/gateway/v1/captures")
	for range n {
		buyers = append(buyers, w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})))
	}
	for _, b := range buyers {
		b.Await(t, "preparing")
	}
	w.damage(t, buyers...)
	w.Gate.Open()
	for _, b := range buyers {
		b.Await(t, "completed")
	}
	return buyers
}

func parkedCanary(t *testing.T, w *world) {
	buyers := w.together(t, "canary", 4)
	p := w.console(t, "/parked")
	p.see("left although nothing is set aside", "on shipping.dispatched", "Parked 4")
	p.accessible()
	p.press("inventory: on shipping.dispatched")
	p.see("Redrive 4 sagas", "4 sagas with")
	more := w.together(t, "canary-later", 1)
	p.see("1 came later: they are not in it.", "Redrive 4 sagas")
	p.accessible()
	p.press("Redrive 4 sagas")
	p.see("The first that fails again stops it")
	p.fill("Reason", "let us see")
	p.key("Enter")
	p.see("1 failed again", "3 left of 4", "Failed now for", "let us see")
	p.accessible()
	at := eval[string](p, `location.pathname`)
	p.visit(at)
	p.see("1 failed again", "3 left of 4")
	w.mend(t, buyers...)
	p.visit("/parked")
	p.press("inventory: on shipping.dispatched")
	p.press("Redrive 5 sagas")
	p.fill("Reason", "mended")
	w.mend(t, more...)
	p.key("Enter")
	p.see("5 done", "of 5")
	p.visit("/parked")
	p.see("Nothing is parked")
}

func discardAsks(t *testing.T, w *world) {
	b := w.together(t, "discarded", 1)[0]
	p := w.console(t, "/parked")
	p.press("inventory: on shipping.dispatched")
	p.see(b.ID)
	p.press("Discard")
	p.see("This cannot be undone")
	p.fill("The last four", "nope")
	p.fill("Reason", "sold by telephone")
	p.key("Enter")
	p.see("these are not the last four characters")
	if typed := eval[string](p, `document.querySelector('dialog input[name=reason]').value`); typed != "sold by telephone" {
		t.Errorf("the reason is %q now", typed)
	}
	p.accessible()
	p.fill("The last four", b.ID[len(b.ID)-4:])
	p.key("Enter")
	p.see("Nothing of this cause is parked any more")
	p.visit("/sagas/" + b.ID)
	p.see("Nothing is owed.")
	w.mend(t, b)
}
