package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"orderflow.example/services/platform/console/web"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

func nothingNeedsYou(t *testing.T, w *world) {
	p := w.console(t, "/")
	p.see("Nothing needs you", "No orders yet? Place one in the shop")
	says := map[string]string{"/": "Nothing needs you", "/sagas": "No orders yet", "/map": "Who hears which topic",
		"/parked": "Nothing is parked", "/deadlines": "No deadlines", "/reviews": "No order waits for a decision",
		"/stock": "Stock", "/ledger": "Everything adds up", "/reports": "Reports", "/audit": "Audit", "/sign-in": "Sign in"}
	for _, path := range web.Pages {
		if strings.ContainsAny(path, ":*") {
			continue
		}
		p.visit(path)
		if says[path] == "" {
			t.Errorf("%s: this test does not know the page", path)
		}
		p.see(says[path])
		p.gone("Loading…")
		p.accessible()
	}
	for path, says := range map[string]string{"/sagas/01950000-0000-7000-8000-000000000000": "there is no saga of this order",
		"/parked/none": "Nothing of this cause is parked any more", "/redrives/none": "There is no such thing"} {
		p.visit(path)
		p.see(says)
		p.accessible()
	}
}

func signInFirst(t *testing.T, w *world) {
	p := open(t, w.origin())
	p.visit("/sagas?state=placed")
	p.see("Sign in", "orderflow token --operator")
	p.accessible()
	if status := eval[int](p, `fetch('/v1/sagas').then((r) => r.status)`); status != 401 {
		t.Errorf("the list answered %d", status)
	}
	p.signIn("no token")
	p.see("the token is not valid here", "Ask for a new one")
	p.signIn(w.token(t, httpserver.ReadWrite, time.Hour))
	p.see("Sagas")
	if at := eval[string](p, `location.pathname + location.search`); at != "/sagas?state=placed" {
		t.Errorf("after signing in the page is %s", at)
	}

	link, err := httpserver.SignInLink(w.Site.Key, w.origin(), "bea", httpserver.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	once := open(t, w.origin())
	once.visit(strings.TrimPrefix(link, w.origin()))
	once.see("Overview", "bea")
	if at := eval[string](once, `location.href`); at != w.origin()+"/" {
		t.Errorf("the address bar has %s", at)
	}
	once.press("Sign out")
	once.see("Sign in")
	once.visit("/")
	once.visit(strings.TrimPrefix(link, w.origin()))
	once.see("the link was used already", "Ask for a new one")
	once.visit("/")
	once.visit("/sign-in#code=" + w.token(t, httpserver.ReadWrite, time.Hour))
	once.see("the link is not one of this installation")
}

func otherPort(t *testing.T, w *world) {
	b := w.order(t, "other-port", 1_100_000)
	b.Await(t, "in_review")
	other := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		res.Header().Set("Content-Type", "text/html")
		_, _ = res.Write([]byte(`<title>Another port</title><link rel="icon" href="data:,">`))
	}))
	defer other.Close()
	p := w.console(t, "/reviews")
	p.see(b.ID)
	p.also = other.URL
	p.run(chromedp.Navigate(other.URL))
	statuses := make(chan int64, 8)
	p.answered = func(r *network.Response) {
		if strings.Contains(r.URL, "/v1/reviews/") {
			statuses <- r.Status
		}
	}
	eval[bool](p, `fetch('`+w.origin()+`/v1/reviews/`+b.ID+`', { method: 'POST', mode: 'no-cors', credentials: 'include',
		body: '{"approve":true}' }).then(() => true, () => true)`)
	eval[bool](p, `(() => { const f = document.createElement('form'); f.method = 'post'; f.enctype = 'text/plain';
		f.action = '`+w.origin()+`/v1/reviews/`+b.ID+`'; f.innerHTML = '<input name=\'{"approve":true,"x":"\' value=\'"}\'>';
		document.body.append(f); f.submit(); return true; })()`)
	for range 2 {
		if status := <-statuses; status != 403 {
			t.Errorf("answered %d", status)
		}
	}
	if o := b.Order(t); o.Status != "in_review" {
		t.Errorf("the order is %+v", o)
	}
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+b.ID, map[string]any{"approve": false})
	b.Await(t, "cancelled")
}

func readOnly(t *testing.T, w *world) {
	b := w.order(t, "read-only", 1_100_000)
	b.Await(t, "in_review")
	p := open(t, w.origin())
	p.visit("/reviews")
	p.signIn(w.token(t, httpserver.ReadOnly, time.Hour))
	p.see(b.ID, "read-only")
	for path, says := range map[string]string{"/reviews": b.ID, "/deadlines": b.ID, "/sagas/" + b.ID: "Now",
		"/stock/read-only": "north"} {
		p.visit(path)
		p.see(says)
		p.gone("Loading…")
		for _, name := range []string{"Approve", "Refuse", "Move", "Take off", "Receive goods", "Cancel the order"} {
			if eval[bool](p, `[...document.querySelectorAll('main button')].some((b) => b.innerText.startsWith('`+name+`'))`) {
				t.Errorf("%s: there is a button %s", path, name)
			}
		}
	}
	if status := eval[int](p, `fetch('/v1/reviews/`+b.ID+`', { method: 'POST', body: '{"approve":true}',
		headers: { 'Content-Type': 'application/json' } }).then((r) => r.status)`); status != 403 {
		t.Errorf("by hand it got %d", status)
	}
	w.Site.Operator("fraud").Must(t, 200, "POST", "/v1/reviews/"+b.ID, map[string]any{"approve": false})
	b.Await(t, "cancelled")
}

func signedOut(t *testing.T, w *world) {
	w.Site.Sell(t, "signed/out", 100, 5)
	p := w.console(t, "/stock/signed%2Fout")
	p.press("Receive goods")
	p.fill("Quantity", "7")
	p.run(send(network.ClearBrowserCookies, cdp.Empty{}))
	p.key("Enter")
	p.see("Signed out", "what you typed is still there")
	if typed := eval[string](p, `document.querySelector('input[name=quantity]').value`); typed != "7" {
		t.Errorf("the form has %q", typed)
	}
	p.signIn(w.token(t, httpserver.ReadWrite, time.Hour))
	p.gone("Signed out")
	trial.Await(t, "the goods", func() (bool, string) {
		got := w.Site.Stock(t, "signed/out")
		return got == trial.Free(12), p.text()
	})
	p.see("12 on hand")
}
