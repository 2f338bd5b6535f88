package console_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

func placedAndSentBack(t *testing.T, w *world) {
	site := w.Site
	site.Sell(t, "lamp", 1250, 9)
	p := open(t, site.Storefront())
	p.visit("/shop#/sign-in")
	p.press("Try as a new customer")
	p.see("Goods of a trial")
	p.accessible()
	p.basket("lamp")
	p.see("Basket (1)")
	p.press("Basket")
	for label, value := range map[string]string{"Name": "Ada Example", "Street": "1 Example Street", "City": "Exampletown",
		"Postcode": "EX1 1EX", "E-mail": "ada@example.com"} {
		p.fill(label, value)
	}
	p.see("£12.50")
	p.accessible()
	// The page cannot know whether a request that was cut off arrived. It sends it again, with the same key.
	eval[bool](p, `(() => { const real = fetch; let cut = 0; globalThis.fetch = (...a) => { const sent = real(...a);
		return a[1]?.method === 'POST' && !cut++ ? sent.then(() => { throw new TypeError('cut'); }) : sent; }; return true; })()`)
	p.press("Place the order")
	p.see("delivered", "set aside £12.50", "taken £12.50", "tracking")
	p.accessible()
	p.press("Send goods back")
	p.fill("lamp:", "1")
	p.fill("Why", "too bright")
	p.press("Ask to send it back")
	p.see("Return of 1 × lamp")
	p.press("My orders")
	orders := 0
	trial.Await(t, "the list of orders", func() (bool, string) {
		orders = eval[int](p, `document.querySelectorAll('main li a').length`)
		return orders > 0, p.text()
	})
	if orders != 1 {
		t.Errorf("%d orders were placed", orders)
	}
}

// firstUse is what somebody does who has started an installation and reads nothing but the pages.
func firstUse(t *testing.T, w *world) {
	w.Site.Sell(t, "teapot", 3400, 5)
	w.Gate.Shut("/sim/gateway/v1/captures") // a real parcel takes longer to leave
	began := time.Now()
	lap := func(what string) { t.Logf("%s: after %.1f s", what, time.Since(began).Seconds()) }
	shop := open(t, w.Site.Storefront())
	shop.visit("/shop#/sign-in")
	shop.press("Try as a new customer")
	shop.basket("teapot")
	shop.press("Basket")
	for label, value := range map[string]string{"Name": "Ada Example", "Street": "1 Example Street", "City": "Exampletown",
		"Postcode": "EX1 1EX", "E-mail": "ada@example.com"} {
		shop.fill(label, value)
	}
	shop.press("Place the order")
	shop.see("set aside £34.00")
	lap("placed in the shop")

	link, err := httpserver.SignInLink(w.Site.Key, w.origin(), "ann", httpserver.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, w.origin())
	p.visit(strings.TrimPrefix(link, w.origin()))
	p.see("Overview", "ann")
	p.press("Sagas")
	p.see("£34.00")
	p.on("main tbody tr a", "", "(e) => e.click()")
	p.see("total £34.00", "Before the point of no return")
	lap("seen in the console")
	p.press("Cancel the order")
	p.fill("Reason", "first use")
	p.key("Enter")
	p.see("cancelled by ann of the shop: first use")
	lap("cancelled there")
	w.Gate.Open()
	p.see("refunded £34.00", "refund.issued")
	shop.see("cancelled", "we cannot carry it out. You got 34.00 GBP back", "given back £34.00")
	lap("paid back")
}

func refusedInWords(t *testing.T, w *world) {
	site := w.Site
	site.Sell(t, "vase", 800, 5)
	p := open(t, site.Storefront())
	p.visit("/shop#/sign-in")
	p.press("Try as a new customer")
	p.basket("vase")
	p.press("Basket")
	for label, value := range map[string]string{"Name": "Ada Example", "Street": "1 Example Street", "City": "Exampletown",
		"Postcode": "EX1 1EX", "Country": "AQ", "E-mail": "ada@example.com"} {
		p.fill(label, value)
	}
	p.press("Place the order")
	p.see("Country, two letters", "country")
	p.fill("Country", "GB")
	p.on("select", "Test token", "(e) => { e.value = 'tok_declined'; }")
	p.press("Place the order")
	p.see("payment declined")
}

// basket puts a product into it.
func (p *page) basket(sku string) {
	p.Helper()
	p.fill("Search", sku)
	p.until(`(() => { const found = document.querySelectorAll('ul.goods li');
		if (found.length !== 1 || !found[0].innerText.includes('` + sku + `')) return false;
		found[0].querySelector('button').click(); return true; })()`)
}
