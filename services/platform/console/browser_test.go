package console_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"orderflow.example/services/platform/trial"
)

// browsers are the names of programs that can run the pages.
var browsers = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// browser is started with the first page, and ended by TestMain.
var browser = sync.OnceValues(func() (context.Context, error) {
	for _, name := range browsers {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
		if os.Geteuid() == 0 {
			options = append(options, chromedp.NoSandbox)
		}
		allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
		ended = append(ended, end)
		ctx, _ := chromedp.NewContext(allocated)
		return ctx, chromedp.Do(ctx)
	}
	return nil, fmt.Errorf("no browser is here: install one of %s (Debian: apt-get install chromium-headless-shell)",
		strings.Join(browsers, ", "))
})

// ended is called after all tests.
var ended []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range ended {
		end()
	}
	os.Exit(code)
}

// axe is the checker of accessibility.
var axe = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../../scripts/witness/install.sh").Output()
	if err != nil {
		return "", fmt.Errorf("scripts/witness/install.sh: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "node_modules/axe-core/axe.min.js"))
	return string(text), err
})

// page is a tab of a browser without cookies. Its test fails on an error in the browser's console, a report of the content
// policy, and a request to any other origin.
type page struct {
	*testing.T
	ctx    context.Context
	origin string

	also     string                  // another origin that it may ask
	answered func(*network.Response) // is called with every answer

	mu     sync.Mutex
	faults []string
}

func open(t *testing.T, origin string) *page {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{T: t, ctx: ctx, origin: origin}
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			t.Error(fault)
		}
	})
	p.run(chromedp.EmulateViewport(1280, 900), send(network.Enable, network.EnableParams{}), send(log.Enable, cdp.Empty{}))
	return p
}

func (p *page) watch(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = fmt.Sprintf("exception: %+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		// An answer of 4xx is for the page to show; the browser notes it all the same.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			fault = "the browser's log: " + e.Entry.Text
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		from := ""
		if err == nil {
			from = u.Scheme + "://" + u.Host
		}
		if err != nil || from != p.origin && from != p.also && u.Scheme != "data" && u.Scheme != "blob" && u.Scheme != "about" {
			fault = "a request left for " + e.Request.URL
		}
	case *network.EventResponseReceived:
		if p.answered != nil {
			p.answered(e.Response)
		}
	}
	if fault != "" {
		p.mu.Lock()
		p.faults = append(p.faults, fault)
		p.mu.Unlock()
	}
}

// send is a command of the browser's protocol.
func send[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, command, params)
		return err
	})
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// eval is the value of a script.
func eval[T any](p *page, script string) T {
	p.Helper()
	for {
		ctx, cancel := context.WithTimeout(p.ctx, trial.Patience) // a tab that was lost answers nothing
		value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil {
			return value
		}
		if !strings.Contains(err.Error(), "navigated") || p.ctx.Err() != nil { // asked of a page that was on its way out
			p.Fatal(err)
		}
	}
}

func (p *page) visit(path string) {
	p.Helper()
	p.run(chromedp.Navigate(p.origin + path))
}

// text is what the page shows.
func (p *page) text() string {
	p.Helper()
	return eval[string](p, `[...document.querySelectorAll('select')].reduce((text, list) => text.replace(list.innerText, ''),
		document.body?.innerText ?? '').replace(/\s+/g, ' ')`)
}

// see waits until the page shows all of these.
func (p *page) see(wanted ...string) {
	p.Helper()
	trial.Await(p, "the page to show "+strings.Join(wanted, ", "), func() (bool, string) {
		seen := p.text()
		for _, w := range wanted {
			if !strings.Contains(seen, w) {
				return false, seen
			}
		}
		return true, ""
	})
}

// on waits for the visible element whose role has this name, and calls the function with it.
func (p *page) on(kinds, name, do string) {
	p.Helper()
	script := fmt.Sprintf(`(() => {
		const named = (e) => (e.labels?.[0]?.innerText || e.innerText || '').trim().replace(/\s+/g, ' ');
		const e = [...document.querySelectorAll(%q)].find((e) =>
			e.checkVisibility() && named(e).startsWith(%q) && !e.disabled);
		if (e) (%s)(e);
		return Boolean(e);
	})()`, kinds, name, do)
	trial.Await(p, name+" to be there", func() (bool, string) { return eval[bool](p, script), p.text() })
}

func (p *page) press(name string) { p.Helper(); p.on("button, a, summary", name, "(e) => e.click()") }

func (p *page) fill(label, value string) {
	p.Helper()
	p.on("input, select, textarea", label, "(e) => { e.focus(); e.select?.(); }")
	p.run(send(input.InsertText, input.InsertTextParams{Text: value}))
}

// accessible has axe look at the page, light and wide, dark and narrow.
func (p *page) accessible() {
	p.Helper()
	script, err := axe()
	if err != nil {
		p.Fatal(err)
	}
	if !eval[bool](p, `Boolean(globalThis.axe)`) {
		eval[bool](p, script+`;true`)
	}
	for theme, width := range map[string]int64{"light": 1280, "dark": 400} {
		p.run(send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}), chromedp.EmulateViewport(width, 900))
		violations := eval[[]string](p, `axe.run({ resultTypes: ['violations'] }).then((r) => r.violations.map((v) =>
			v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')))`)
		for _, v := range violations {
			p.Errorf("%s, %d px: %s", theme, width, v)
		}
		wide := eval[string](p, `(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth ? '' : scrollWidth + ' px: ' +
			[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().left + e.scrollWidth > clientWidth + 1)
				.map((e) => e.tagName + '.' + e.className + ' ' + e.innerText?.slice(0, 40)).slice(0, 8)
				.join(', '))(document.documentElement)`)
		if wide != "" {
			p.Errorf("%s, %d px: the page is wider than the window: %s", theme, width, wide)
		}
	}
	p.run(chromedp.EmulateViewport(1280, 900))
}
