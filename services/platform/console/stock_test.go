package console_test

import (
	"fmt"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

func stock(t *testing.T, w *world) {
	const sku = "shelf/oak"
	w.Site.Sell(t, sku, 900, 5)
	w.Site.Sell(t, "shelf/elm", 900, 60)
	w.Gate.Shut("/sim/gateway/v1/captures")
	b := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}))
	b.Await(t, "preparing")

	rows := func(of string) string {
		return fmt.Sprintf(`[...document.querySelectorAll('[aria-label="%s"] tbody tr')].map((r) =>
			r.innerText.replace(/\s+/g, ' ').trim())`, of)
	}
	p := w.console(t, "/stock")
	p.see("on hand", "reorder point")
	p.fill("SKU", "shelf/")
	p.key("Enter")
	p.until(`location.search === '?q=shelf%2F' && ` + rows("Stock") + `.join() === 'shelf/elm 60 0 60 0 0,shelf/oak 5 2 3 0 0'`)
	p.on("input", "Only below the reorder point", "(e) => e.click()")
	p.see("No such product")
	p.on("input", "Only below the reorder point", "(e) => e.click()")
	p.accessible()
	p.press(sku)
	p.see("Stock of shelf/oak", "3 available · 5 on hand · 2 reserved", "north")
	p.until(rows("Reservations") + `.join().startsWith('` + b.ID + ` reserved north 2 ')`)
	p.until(rows("Movements") + `.join().includes(' north +5 received – ')`)
	p.accessible()
	p.press(b.ID)
	p.see("Before the point of no return")

	w.Gate.Open()
	b.Await(t, "completed")
	p.visit("/stock/shelf%2Foak")
	p.see("3 available · 3 on hand · 0 reserved", "No order holds any, and none waits")
	p.until(rows("Movements") + `[0]?.includes(' north -2 dispatched ` + b.ID + `')`)

	p.press("Count")
	p.see("the newest orders are cancelled")
	p.fill("Counted", "2")
	p.fill("Reason", "one fell")
	p.key("Enter")
	p.see("2 available · 2 on hand")
	p.until(rows("Movements") + `[0]?.includes(' north -1 counted ')`) // the list is read again once the count is written
	p.press("Receive goods")
	p.fill("Quantity", "0")
	p.key("Enter")
	if !eval[bool](p, `document.querySelector('dialog input[name=quantity]:invalid') !== null`) {
		t.Error("nothing can be received")
	}
	p.fill("Quantity", "40")
	p.key("Enter")
	p.see("42 available · 42 on hand")
	p.until(rows("Movements") + `.length === 4 && ` + rows("Movements") + `[0]?.includes(' north +40 received ')`)

	p.visit("/stock/none%2Fsuch")
	p.see("There is no such thing", "Check the address")
	if shown := eval[int](p, `document.querySelectorAll('[role=alert]').length`); shown != 1 ||
		strings.Contains(p.text(), "Receive goods") || strings.Contains(p.text(), "Movements") {
		t.Errorf("%d times it says that there is no such product: %s", shown, p.text())
	}
	p.accessible()

	p.visit("/audit")
	p.until(`document.querySelector('h1')?.innerText === 'Audit'`)
	p.answers("/v1/stock", `{"type":"/problems/unavailable","detail":"inventory cannot be reached; try again"}`)
	p.press("Stock")
	p.see("inventory cannot be reached", "The other pages work as usual")
	p.accessible()
	p.recover()
	p.press("Try again")
	p.until(rows("Stock") + `.length > 0`)
	p.answers("/v1/stock", `{"type":"/problems/unavailable","detail":"inventory cannot be reached; try again"}`)
	p.press(sku)
	p.see("Stock of shelf/oak", "inventory cannot be reached")
	p.recover()
	p.press("Try again")
	p.see("42 available")
}
