package console_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

// world is an installation whose shipping can be paused, and whose outside parties can be cut off.
type world struct{ *trial.Parts }

// promises are tried one after another on one installation. The first wants an empty one.
var promises = []struct {
	promise string
	holds   func(t *testing.T, w *world)
}{
	{"nothing needs you on a fresh installation, and every page says what to do next", nothingNeedsYou},
	{"nobody sees anything before signing in", signInFirst},
	{"another port of this host cannot act", otherPort},
	{"a read-only operator cannot act", readOnly},
	{"who is signed out in the middle of something loses nothing, and it is done once", signedOut},
	{"the overview counts what is so", overview},
	{"new orders do not move the list", listStays},
	{"the rows of a list are renewed where they stand", rowsRenewed},
	{"what is typed into a filter wrongly is said at the list", badFilters},
	{"the page of a saga tells a compensated order", compensated},
	{"an order is cancelled before the point of no return, and after it the page says why not", cancelledByOperator},
	{"what is owed is told with who owes it and why it is late", owed},
	{"an ended saga that owes needs attention", endedAndOwing},
	{"a deadline is moved, taken off and put back", deadlineMoved},
	{"a review is decided, and another tab sees it", reviewDecided},
	{"what one cause parked is released step by step", parkedCanary},
	{"a lost stream is said, and taken up again", lostStream},
	{"the map shows who does not keep up", flowMap},
	{"a break of the ledger names its order", ledgerBreak},
	{"the stock of a product is told with the orders that hold it and what moved it", stock},
	{"what operators did is told, with what was before and after", audited},
	{"discarding asks twice", discardAsks},
	{"a tracker that reads the topics anew says how far it is, and the page comes by itself", catchingUp},
	{"a service that is down takes only its part of a page", serviceDown},
	{"the keyboard is enough", keyboard},
	{"an instant is the same in every zone, by the server's clock", zones},
	{"an order placed in the shop is followed to the doorstep and sent back", placedAndSentBack},
	{"an order placed in the shop is found in the console, cancelled there, and paid back", firstUse},
	{"the shop says in words why an order is not taken", refusedInWords},
}

// TestInABrowser also fails on an error in the browser's console, a report of the content policy, a request to any other
// origin, and what axe finds.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	w := &world{trial.StartAround(t, 100, "shipping")}
	for _, p := range promises {
		t.Run(p.promise, func(t *testing.T) { p.holds(t, w) })
	}
}

func (w *world) origin() string { return w.Site.Operators("tracker") }

func (w *world) token(t *testing.T, scope httpserver.Scope, ttl time.Duration) string {
	t.Helper()
	token, err := httpserver.MintScoped(w.Site.Key, httpserver.AudienceOperators, "ann", scope, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// console is a browser in which ann is signed in, at this page.
func (w *world) console(t *testing.T, path string) *page {
	t.Helper()
	p := open(t, w.origin())
	p.visit("/sign-in")
	p.signIn(w.token(t, httpserver.ReadWrite, time.Hour))
	p.see("Overview")
	p.visit(path)
	return p
}

func (p *page) signIn(token string) {
	p.Helper()
	p.fill("Token", token)
	p.press("Sign in")
}

// key presses keys as a keyboard does: characters, and keys by name.
func (p *page) key(keys ...string) {
	p.Helper()
	codes := map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27}
	for _, k := range keys {
		down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, WindowsVirtualKeyCode: codes[k], Text: k}
		if codes[k] != 0 {
			down.Code, down.Text = k, map[string]string{"Enter": "\r"}[k]
		}
		up := down
		up.Type, up.Text = input.DispatchKeyEventTypeKeyUp, ""
		p.run(send(input.DispatchKeyEvent, down), send(input.DispatchKeyEvent, up))
	}
}

// gone waits until the page does not show this any more.
func (p *page) gone(text string) {
	p.Helper()
	p.until(fmt.Sprintf(`!document.body.innerText.includes(%q)`, text))
}

// until waits until a script is true.
func (p *page) until(script string) {
	p.Helper()
	trial.Await(p, script, func() (bool, string) { return eval[bool](p, "Boolean("+script+")"), p.text() })
}

// order is a bought one of a product of its own, whose SKU is the name.
func (w *world) order(t *testing.T, name string, price int64, change ...func(*trial.Basket)) *trial.Buyer {
	t.Helper()
	w.Site.Sell(t, name, price, 100)
	basket := trial.NewBasket(trial.Line{SKU: name, Quantity: 1})
	for _, fn := range change {
		fn(&basket)
	}
	return w.Site.Buy(t, basket)
}
