//go:build pictures

package console_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"orderflow.example/services/platform/trial"
)

// kept are the pictures that are part of the README; of what else is drawn, PICTURES names the directory.
var kept = []string{"overview", "saga", "map"}

// most is how large a kept picture may be, in bytes.
const most = 60 << 10

// TestDrawTheConsole draws the console's pages, of an installation with orders of all kinds, and the shop's.
func TestDrawTheConsole(t *testing.T) {
	t.Parallel()
	w := &world{trial.StartAround(t, 100, "shipping")}
	p, draw := w.drawn(t)
	p.see("Nothing needs you", "No orders yet")
	draw("empty")
	paying := func(token string) func(*trial.Basket) { return func(b *trial.Basket) { b.PaymentToken = token } }
	w.Site.Sell(t, "mug", 1295, 100)
	w.Site.Sell(t, "lantern", 4950, 100)
	for n := range 24 {
		w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: []string{"mug", "lantern"}[n%2], Quantity: int64(1 + n%3)}))
	}
	w.order(t, "declined", 900, paying("tok_declined")).Await(t, "cancelled")
	compensated := w.order(t, "tray", 2350, paying("tok_capture_fails"))
	compensated.Await(t, "cancelled")
	inReview := w.order(t, "chandelier", 1_250_000)
	inReview.Await(t, "in_review")
	w.together(t, "clock", 3)

	p.visit("/sagas/" + compensated.ID)
	p.see("order.cancelled", "undoes")
	draw("saga")
	p.visit("/sagas/" + inReview.ID)
	p.see("A person must decide", "Ahead")
	draw("review")
	p.press("Cancel the order")
	draw("cancel")
	p.visit("/parked")
	p.press("inventory: on shipping.dispatched")
	p.see("Redrive 3 sagas")
	draw("group")
	p.press("Redrive 3 sagas")
	p.fill("Reason", "let us see")
	p.key("Enter")
	p.see("1 failed again")
	draw("canary")
	stuck := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "mug", Quantity: 2}))
	w.Pause(t, "shipping")
	late := w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "lantern", Quantity: 1}))
	p.visit("/map")
	p.see("overdue")
	p.on("table.bus td.bad button", "", "(e) => e.click()")
	p.see("Sagas waiting here")
	draw("map")
	p.visit("/")
	p.see("need of attention", "Charts of")
	p.until(`document.querySelectorAll('.chart svg').length > 3`)
	draw("overview")
	p.visit("/sagas?attention=true")
	p.see(late.ID)
	draw("attention")
	w.Resume(t, "shipping")
	stuck.Await(t, "completed")
	for path, see := range map[string]string{"audit": "redrive parked", "deadlines": "fraud.review_requested",
		"stock/mug": "on hand",
		"ledger":    "Ledger", "reviews": "Approve", "sagas": "of "} {
		p.visit("/" + path)
		p.see(see)
		draw(filepath.Base(path))
	}
	p.shop(w, draw)
}

// drawn is a console, and what draws the page that it shows.
func (w *world) drawn(t *testing.T) (p *page, draw func(name string)) {
	t.Helper()
	to := os.Getenv("PICTURES")
	if to == "" {
		to = t.TempDir()
	}
	p = w.console(t, "/")
	p.run(chromedp.EmulateViewport(1240, 780))
	return p, func(name string) {
		t.Helper()
		p.gone("Loading…")
		p.draw(to, name)
	}
}

// shop draws the way of an order from the basket to the doorstep.
func (p *page) shop(w *world, draw func(string)) {
	p.origin = w.Site.Storefront()
	p.visit("/shop#/sign-in")
	p.press("Try as a new customer")
	p.see("Goods of a trial")
	p.basket("mug")
	p.press("Basket")
	for label, value := range map[string]string{"Name": "Ada Example", "Street": "1 Example Street", "City": "Exampletown",
		"Postcode": "EX1 1EX", "E-mail": "ada@example.com"} {
		p.fill(label, value)
	}
	draw("shop-basket")
	p.press("Place the order")
	p.see("delivered", "tracking")
	draw("shop-delivered")
}

// draw keeps a picture of what the window shows, in at most 256 colours.
func (p *page) draw(dir, name string) {
	p.Helper()
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		p.Fatal(err)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, fewColours(decoded)); err != nil {
		p.Fatal(err)
	}
	if slices.Contains(kept, name) {
		dir = "pictures"
		if out.Len() > most {
			p.Errorf("%s has %d bytes", name, out.Len())
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), out.Bytes(), 0o644); err != nil {
		p.Fatal(err)
	}
}

// fewColours has the colours that a picture has most of; each other becomes the one nearest to it.
func fewColours(of image.Image) *image.Paletted {
	counts := map[color.Color]int{}
	b := of.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[color.RGBAModel.Convert(of.At(x, y))]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return cmp.Compare(counts[b], counts[a]) })
	out := image.NewPaletted(b, colours[:min(len(colours), 32)])
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.Set(x, y, of.At(x, y))
		}
	}
	return out
}
