package console_test

import (
	"fmt"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

func overview(t *testing.T, w *world) {
	waits := w.order(t, "counted-review", 1_100_000)
	w.order(t, "counted-declined", 900, func(b *trial.Basket) { b.PaymentToken = "tok_declined" }).Await(t, "cancelled")
	waits.Await(t, "in_review")
	p := w.console(t, "/")
	p.see("1 review waiting", "0 sagas parked", "Stuck, and ended badly")
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+waits.ID, map[string]any{"approve": true})
	p.see("Nothing needs you")
	p.accessible()
	waits.Await(t, "completed")
}

func listStays(t *testing.T, w *world) {
	first := w.order(t, "before", 900)
	first.Await(t, "completed")
	p := w.console(t, "/sagas")
	p.see(first.ID)
	p.gone("There are newer sagas")
	p.key("j")
	p.until(`document.activeElement?.innerText === '` + first.ID + `'`)
	second := w.order(t, "after", 900)
	p.see("There are newer sagas")
	if strings.Contains(p.text(), second.ID) || !eval[bool](p, `document.activeElement?.innerText === '`+first.ID+`'`) {
		t.Error("the list moved under its reader")
	}
	p.press("There are newer sagas")
	p.see(second.ID)
	second.Await(t, "completed")
}

func rowsRenewed(t *testing.T, w *world) {
	w.Gate.Shut("/sim/gateway/v1/captures")
	one, two := w.order(t, "renewed", 900), w.order(t, "renewed-beside", 900)
	waits := w.order(t, "renewed-review", 1_100_000)
	one.Await(t, "preparing")
	two.Await(t, "preparing")
	waits.Await(t, "in_review")
	p, filtered := w.console(t, "/sagas"), w.console(t, "/sagas?attention=true")
	row := func(b *trial.Buyer) string {
		return `[...document.querySelectorAll('main tbody tr')].find((r) => r.innerText.includes('` + b.ID + `'))?.innerText ?? ''`
	}
	p.until(`(` + row(one) + `).includes('preparing') && (` + row(two) + `).includes('preparing')`)
	filtered.until(`(` + row(waits) + `).includes('in review')`)
	p.key("j", "j")
	ids := `[...document.querySelectorAll('main tbody tr')].map((r) => r.querySelector('a').innerText).join()`
	order, focused := eval[string](p, ids), eval[string](p, `document.activeElement.innerText`)
	later := w.order(t, "renewed-later", 900)
	p.see("There are newer sagas")
	w.Gate.Open()
	p.until(`[` + row(one) + `, ` + row(two) + `].every((r) => r.includes('completed') && r.includes('nothing'))`)
	if got := eval[string](p, ids); got != order || strings.Contains(got, later.ID) {
		t.Errorf("the rows are %s; they were %s", got, order)
	}
	if got := eval[string](p, `document.activeElement.innerText`); got != focused {
		t.Errorf("the focus is at %q, not at %q any more", got, focused)
	}
	p.answers("/v1/sagas?limit=100&orders=", `{"type":"/problems/unavailable","detail":"the tracker cannot be reached"}`)
	p.see("The rows are not renewed: the tracker cannot be reached", one.ID)
	p.accessible()
	p.recover()
	p.gone("The rows are not renewed")

	// A row that does not fit the filter any more stays until its reader asks for another list.
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+waits.ID, map[string]any{"approve": true})
	filtered.until(`(` + row(waits) + `).includes('completed') && (` + row(waits) + `).includes('nothing')`)
}

func badFilters(t *testing.T, w *world) {
	p := w.console(t, "/sagas?from=yesterday&stuck=perhaps")
	p.see("query.from", "query.stuck", "Change the filter")
	p.visit("/sagas?pages=ofanotherlist")
	p.see("query.cursor")
	p.accessible()
	p.visit("/sagas?q=ffffffff")
	p.see("No saga matches this filter", "All sagas")
	p.press("All sagas")
	p.see("Began")
}

func compensated(t *testing.T, w *world) {
	b := w.order(t, "undone", 900, func(b *trial.Basket) { b.PaymentToken = "tok_capture_fails" })
	b.Await(t, "cancelled")
	p := w.console(t, "/sagas/"+b.ID)
	p.see("inventory.released", "undone by", "undoes inventory.reserved",
		"undoes payment.authorization_requested, payment.authorized", "cancelled by order", "capture failed", "Nothing is owed.")
	if marked := eval[int](p, `document.querySelectorAll('tr.compensation').length`); marked < 3 {
		t.Errorf("%d compensations are marked", marked)
	}
	if struck := eval[int](p, `document.querySelectorAll('table.events s').length`); struck < 2 {
		t.Errorf("%d events are struck through", struck)
	}
	// The table says the same as the arrows: what led to an event stands before it.
	if wrong := eval[string](p, `[...document.querySelectorAll('table.events tbody tr')].map((r) => [r.cells[0], r.cells[1]]
		.map((c) => Number(/^(\d+)\. /.exec(c?.innerText || '')?.[1]))).filter(([n, from]) => from >= n).join()`); wrong != "" {
		t.Errorf("causes come after what they led to: %s", wrong)
	}
	if arrows := eval[int](p, `document.querySelectorAll('.lanes path.arrow').length`); arrows < 5 {
		t.Errorf("%d arrows are drawn", arrows)
	}
	folded := eval[int](p, `document.querySelectorAll('table.events tbody tr').length`)
	p.accessible()
	p.on("input", "Fold bookkeeping", "(e) => e.click()")
	p.until(fmt.Sprintf(`document.querySelectorAll('table.events tbody tr').length > %d`, folded))
	p.on("input", "Failures and compensations only", "(e) => e.click()")
	p.until(fmt.Sprintf(`document.querySelectorAll('table.events tbody tr').length < %d`, folded))
	p.until("location.search === '?fold=no&show=failures'")
	// The browser lets nobody else see its clipboard.
	eval[bool](p, `Boolean(navigator.clipboard.writeText = (text) => { globalThis.copied = text; return Promise.resolve(); })`)
	p.press("Copy as text")
	p.see("Copy as text copied")
	text := eval[string](p, "copied")
	for _, want := range []string{b.ID, "inventory.released (led to by ", "undoes inventory.reserved"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in what was copied: %s", want, text)
		}
	}
}

func owed(t *testing.T, w *world) {
	w.Gate.Shut("/sim/gateway/v1/captures")
	b := w.order(t, "owed", 900)
	b.Await(t, "preparing")
	p := w.console(t, "/sagas/"+b.ID)
	p.see("payment owes: tell what gateway.capture answered", "not answered")
	p.press(eval[string](p, `[...document.querySelectorAll('table.events tr')].find((r) => r.innerText.includes('not answered'))
		.querySelector('button').innerText`))
	p.see("last error:")
	p.accessible()
	w.Gate.Open()
	p.see("shipping.dispatched", "point of no return", "completed")
	p.gone("payment owes")

	w.Pause(t, "shipping")
	c := w.order(t, "owed-by-one-away", 900)
	p.visit("/sagas/" + c.ID)
	p.see("consumer behind, owed by shipping", "no process of shipping has reported")
	w.Resume(t, "shipping")
	p.see("completed")
}

// damage has the reservation of an order that is being prepared look as if it was released: its parcel's leaving cannot be
// processed by inventory then, and is parked.
func (w *world) damage(t *testing.T, buyers ...*trial.Buyer) {
	t.Helper()
	for _, b := range buyers {
		w.Damage(t, "inventory", `UPDATE reservations SET status = 'released' WHERE order_id = ?`, b.ID)
	}
}

// mend undoes damage.
func (w *world) mend(t *testing.T, buyers ...*trial.Buyer) {
	t.Helper()
	for _, b := range buyers {
		w.Damage(t, "inventory", `UPDATE reservations SET status = 'reserved' WHERE order_id = ?`, b.ID)
	}
}

func cancelledByOperator(t *testing.T, w *world) {
	w.Gate.Shut("/sim/gateway/v1/captures")
	b := w.order(t, "called-off", 900)
	b.Await(t, "preparing")
	p := w.console(t, "/sagas/"+b.ID)
	p.see("Before the point of no return")
	p.press("Cancel the order")
	p.see("To be undone: inventory.reserved", "payment.authorized")
	p.accessible()
	p.key("Enter") // without a reason
	p.fill("Reason", "sold by telephone")
	p.key("Enter")
	p.see("cancelled by ann of the shop: sold by telephone", "order.withdrawal_requested")
	w.Gate.Open()
	b.Await(t, "cancelled")
	p.see("Cannot be cancelled: it is cancelled already", "undoes inventory.reserved")
	if o := b.Order(t); o.Reason != "shop_request" {
		t.Errorf("the order is %+v", o)
	}

	c := w.order(t, "gone", 900)
	c.Await(t, "completed")
	p.visit("/sagas/" + c.ID)
	p.see("Cannot be cancelled: the goods have left: this is past the point of no return")
	if drawn := eval[int](p, `document.querySelectorAll('table.events tr.pivot').length`); drawn != 1 {
		t.Errorf("the point of no return is drawn %d times", drawn)
	}
	p.accessible()
	a, err := w.Site.Operator("storefront").Send("POST", "/v1/orders/"+c.ID+"/cancellation",
		map[string]any{"reason": "too late"}, "Idempotency-Key: late")
	if err != nil || a.Status != 409 || !strings.Contains(a.Body, "/too-late-to-cancel") {
		t.Errorf("asked by hand: %d %s (%v)", a.Status, a.Body, err)
	}
}

func endedAndOwing(t *testing.T, w *world) {
	w.Gate.Shut("/sim/gateway/v1/captures")
	b := w.order(t, "owing", 900)
	b.Await(t, "preparing")
	w.damage(t, b)
	w.Gate.Open()
	b.Await(t, "completed")
	p := w.console(t, "/sagas?attention=true")
	p.see(b.ID, "1 owed")
	p.visit("/sagas/" + b.ID)
	p.see("Now, it has ended", "inventory owes", "parked", "left although nothing is set aside for it", "Redrive this order")
	p.accessible()
	w.mend(t, b)
	p.press("Redrive this order")
	p.fill("Reason", "the reservation is mended")
	p.key("Enter")
	p.see("1 done", "of 1", "the reservation is mended")
	p.visit("/sagas/" + b.ID)
	p.see("Nothing is owed.")
}

func deadlineMoved(t *testing.T, w *world) {
	b := w.order(t, "deadline", 1_100_000)
	b.Await(t, "in_review")
	p := w.console(t, "/deadlines?service=fraud")
	p.see(b.ID, "fraud.review_requested")
	p.accessible()
	p.press("Move")
	p.see("What fraud does when time is up", "the clock of this machine")
	p.on("input", "Due", `(e) => { e.value = '2040-01-02T03:04'; }`)
	p.key("Enter")
	p.see("2040-01-02", "ann")
	p.press("Take off")
	p.see("Nothing happens by itself any more")
	p.on("dialog button[type=submit]", "Take off", "(e) => e.focus()")
	p.key("Enter")
	p.see("taken off")
	p.press("Put back")
	p.on("input", "Due", `(e) => { e.value = '2001-01-02T03:04'; }`)
	p.key("Enter")
	b.Await(t, "cancelled") // it was due at once
	p.visit("/sagas/" + b.ID)
	p.see("fraud.rejected", "Nothing is owed.")
}

func reviewDecided(t *testing.T, w *world) {
	b := w.order(t, "decided", 1_100_000)
	b.Await(t, "in_review")
	one, two := w.console(t, "/reviews"), w.console(t, "/sagas/"+b.ID)
	one.see(b.ID, "Reviews 1")
	two.see("A person must decide")
	one.accessible()
	one.press("Approve")
	one.see("The order goes on")
	one.on("dialog button[type=submit]", "Approve", "(e) => e.focus()")
	one.key("Enter")
	one.see("No order waits for a decision")
	two.see("fraud.cleared", "completed")
	two.gone("A person must decide")
	two.until(`!document.querySelector('nav').innerText.includes('Reviews 1')`)
	b.Await(t, "completed")
}
