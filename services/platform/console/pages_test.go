package console_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	protocol "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

func flowMap(t *testing.T, w *world) {
	p := w.console(t, "/map")
	p.see("order.events", "says")
	if bad := eval[int](p, `document.querySelectorAll('table.bus td.bad').length`); bad != 0 {
		t.Errorf("%d cells are red although all is well", bad)
	}
	without := eval[int](p, `[...document.querySelectorAll('svg.map .place rect')].filter((r) => r.x.baseVal.value > 640).length`)
	if without != 0 {
		t.Errorf("%d services have no place in the picture", without)
	}
	w.order(t, "rated", 900).Await(t, "completed")
	cell := func(topic, service string) string {
		return fmt.Sprintf(`[...document.querySelectorAll('table.bus tr')].find((r) => r.cells[0].innerText === '%s.events')?.cells[
			[...document.querySelectorAll('table.bus th[scope=col]')].findIndex((h) => h.innerText.startsWith('%s'))].innerText`,
			topic, service)
	}
	p.until(`/^[1-9]\d*\/min\s+0 s$/.test(` + cell("order", "shipping") + `)`)
	p.gone("⚠ silent")

	w.Pause(t, "shipping")
	b := w.order(t, "mapped", 900)
	p.see("Of shipping no process reports", "⚠ silent", "overdue")
	p.until(`parseInt(` + cell("order", "shipping") + `.split('/min')[1]) >= 5`) // the seconds grow
	p.until(`[...document.querySelectorAll('svg.map text.rate')].some((t) => /\d\/min, \d+ s/.test(t.textContent))`)
	p.on("table.bus td.bad button", "", "(e) => e.click()")
	p.see("Sagas waiting here", b.ID, "events behind, the oldest for", "⚠ silent")
	p.accessible()
	p.press("shipping")
	p.see("carrier.", "Sagas waiting here")
	p.accessible()
	w.Resume(t, "shipping")
	b.Await(t, "completed")
	p.until(`document.querySelectorAll('table.bus td.bad').length === 0`)
	p.gone("⚠ silent")
	p.see("heard from")
	// Every cell is reached by the keyboard.
	cells := eval[int](p, `document.querySelectorAll('table.bus td button').length`)
	eval[bool](p, `(document.querySelector('table.bus td button').focus(), true)`)
	for range cells - 1 {
		p.key("Tab")
	}
	if !eval[bool](p, `document.activeElement === [...document.querySelectorAll('table.bus td button')].at(-1)`) {
		t.Error("Tab does not lead through the cells")
	}
}

func ledgerBreak(t *testing.T, w *world) {
	w.Gate.Shut("/sim/gateway/v1/captures")
	b := w.order(t, "broken", 900)
	b.Await(t, "preparing")
	w.damage(t, b)
	p := w.console(t, "/ledger")
	p.see("Something does not add up", b.ID, "broken")
	p.accessible()
	w.mend(t, b)
	w.Gate.Open()
	p.see("Everything adds up")
	b.Await(t, "completed")
}

func lostStream(t *testing.T, w *world) {
	p := w.console(t, "/audit")
	p.run(script(`(() => { const real = EventSource; globalThis.EventSource = class extends real {
		constructor(url) { super(globalThis.cut ? '/v1/none' : url); (globalThis.streams ??= []).push(this); } }; })()`))
	b := w.order(t, "streamed", 1_100_000)
	b.Await(t, "in_review")
	p.visit("/sagas/" + b.ID)
	p.see("A person must decide")
	p.until(`globalThis.streams?.length > 0`)
	p.until(`streams.at(-1).readyState === 1`)
	eval[bool](p, `(globalThis.cut = true, streams.forEach((s) => s.close()), true)`)
	p.see("Live updates stopped, as of")
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+b.ID, map[string]any{"approve": false})
	b.Await(t, "cancelled")
	p.see("fraud.rejected") // the page asks by itself
	p.accessible()
	eval[bool](p, `(globalThis.cut = false, true)`)
	p.gone("Live updates stopped")
}

func audited(t *testing.T, w *world) {
	b := w.order(t, "audited", 1_100_000)
	b.Await(t, "in_review")
	p := w.console(t, "/sagas/"+b.ID)
	p.see("fraud owes")
	p.press("Move")
	p.on("input", "Due", `(e) => { e.value = '2040-01-02T03:04'; }`)
	p.fill("Reason", "the customer is asked")
	p.key("Enter")
	p.see("2040-01-02")
	p.press("Refuse")
	p.fill("Reason", "the customer has not ordered it")
	p.key("Enter")
	b.Await(t, "cancelled")
	p.press("What operators did")
	p.see("ann", "move deadline", "the customer is asked", "due at: 2040-01-02", "decide review", "approve: false", "done",
		"the customer has not ordered it")
	p.accessible()
	refused := w.Site.Operator("storefront")
	refused.Must(t, 409, "POST", "/v1/orders/"+b.ID+"/cancellation", map[string]any{"reason": "too late"},
		"Idempotency-Key: too-late")
	p.visit("/audit?what=cancel+order")
	p.see("cancel order", b.ID, "refused: too-late-to-cancel")
	p.gone("move deadline")
	p.visit("/audit?by=nobody")
	p.see("Nobody has done anything")
}

// answers has the requests of the page for paths that begin so answered with a problem, until recover.
func (p *page) answers(path, problem string) {
	p.Helper()
	eval[bool](p, fmt.Sprintf(`(() => { globalThis.lost = true; const real = fetch; globalThis.fetch = (...a) => lost
		&& String(a[0]).startsWith('%s') ? Promise.resolve(new Response('%s', { status: 503 })) : real(...a); return true; })()`,
		path, problem))
}

func (p *page) recover() { eval[bool](p, `!(globalThis.lost = false)`) }

func catchingUp(t *testing.T, w *world) {
	p := w.console(t, "/audit")
	p.answers("/v1/sagas",
		`{"type":"/problems/catching-up","detail":"the tracker is reading the topics: 300 of 1200 events have been read"}`)
	p.press("Sagas")
	p.see("The tracker is catching up", "300 of 1200")
	if value := eval[float64](p, `document.querySelector('main progress').value`); value != 300 {
		t.Errorf("the bar is at %v", value)
	}
	p.accessible()
	p.recover()
	p.see("Began")
}

func serviceDown(t *testing.T, w *world) {
	p := w.console(t, "/audit")
	p.answers("/v1/reviews", `{"type":"/problems/unavailable","detail":"fraud cannot be reached; try again"}`)
	p.press("Reviews")
	p.see("fraud cannot be reached", "The other pages work as usual", "Try again")
	p.accessible()
	p.answers("/v1/conservation", `{"type":"/problems/unavailable","detail":"the ledger cannot be reached; try again"}`)
	p.press("Overview")
	p.see("? conservation breaks", "0 sagas parked")
	p.recover()
	p.press("Reviews")
	p.see("No order waits for a decision")
}

func keyboard(t *testing.T, w *world) {
	b := w.order(t, "by-keys", 1_100_000)
	b.Await(t, "in_review")
	p := w.console(t, "/")
	p.see("Overview")
	p.until(`document.activeElement?.tagName === 'H1'`)
	p.key("/")
	p.until(`document.activeElement?.id === 'search'`)
	p.run(send(input.InsertText, input.InsertTextParams{Text: b.ID}))
	p.key("Enter")
	p.see("A person must decide")
	p.until(`document.activeElement?.tagName === 'H1'`)
	for range 40 { // Tab leads to the decision, and the focus is visible wherever it is
		p.key("Tab")
		if !eval[bool](p, `document.activeElement !== document.body && document.activeElement.matches(':focus-visible')`) {
			t.Fatal("the focus is lost")
		}
		if eval[string](p, `document.activeElement.innerText`) == "Approve" {
			break
		}
	}
	p.key("Enter")
	p.see("The order goes on")
	p.key("Escape")
	p.until(`!document.querySelector('dialog') && document.activeElement?.innerText === 'Approve'`)
	p.key("Enter")
	p.see("The order goes on")
	p.on("dialog button[type=submit]", "Approve", "(e) => e.focus()")
	p.key("Enter")
	p.see("fraud.cleared")
	b.Await(t, "completed")
	p.key("g", "s")
	p.see("Began")
	p.key("?")
	p.see("Keys without Ctrl do nothing")
	p.accessible()
	p.key("Escape")
	p.gone("Keys without Ctrl do nothing")
}

func zones(t *testing.T, w *world) {
	b := w.order(t, "zoned", 1_100_000)
	b.Await(t, "in_review")
	p := open(t, w.origin())
	// The clock of this machine is an hour fast: ages and countdowns go by the server's.
	p.run(send(protocol.Enable, protocol.EnableParams{}),
		script(`(() => { const real = Date.now; Date.now = () => real() + 3600e3; })()`))
	p.visit("/reviews")
	p.signIn(w.token(t, httpserver.ReadWrite, time.Hour))
	p.see(b.ID)
	p.until(`/^\d+(\.\d)? s ago/.test(document.querySelector('main td time')?.innerText.trim())`)
	p.visit("/deadlines?service=fraud")
	p.see(b.ID)
	id := trial.Read[struct{ Items []struct{ ID, Order string } }](t,
		w.Site.Operator("tracker").Must(t, 200, "GET", "/v1/deadlines?service=fraud&order="+b.ID, nil)).Items[0].ID
	// Before and after London's clocks change.
	for due, offset := range map[string]string{"2030-03-31T00:59:59Z": "GMT+0", "2030-03-31T01:00:00Z": "GMT+1"} {
		at, err := time.Parse(time.RFC3339, due)
		if err != nil {
			t.Fatal(err)
		}
		w.Site.Operator("tracker").Must(t, 200, "PATCH", "/v1/deadlines/"+id, map[string]any{"due_at": due})
		p.visit("/deadlines?service=fraud")
		p.see(b.ID)
		for _, name := range []string{"UTC", "Europe/London", "Asia/Tokyo", "America/St_Johns"} {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			p.on("select", "Time zone", `(e) => { e.value = '`+name+`'; e.dispatchEvent(new Event('change', { bubbles: true })); }`)
			p.until(`document.querySelector('main td time')?.title.includes('` + name + ` (')`) // it ends with UTC in any zone
			text, title := eval[string](p, `document.querySelector('main td time')?.innerText.trim() ?? ''`),
				eval[string](p, `document.querySelector('main td time')?.title ?? ''`)
			if text != at.In(zone).Format(time.DateTime) || !strings.Contains(title, at.Format(time.DateTime)+" UTC") ||
				name == "Europe/London" && !strings.Contains(title, "("+offset+")") {
				t.Errorf("%s: %s, %s", name, text, title)
			}
		}
	}
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+b.ID, map[string]any{"approve": false})
	b.Await(t, "cancelled")
}

// script runs before those of every page to come.
func script(source string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, protocol.AddScriptToEvaluateOnNewDocument,
			protocol.AddScriptToEvaluateOnNewDocumentParams{Source: source})
		return err
	})
}
