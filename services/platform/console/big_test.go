package console_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/platform/console"
	"orderflow.example/services/platform/console/web"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/tracker"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

// The budgets of what a browser loads, in bytes as they are sent: compressed.
const (
	consoleBudget = 60 << 10
	shopBudget    = 15 << 10
	usableWithin  = time.Second
)

func TestTheScriptsAndStylesOfBothPagesStayWithinTheirBudgets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files  fs.FS
		budget int
	}{"console": {web.Files, consoleBudget}, "shop": {os.DirFS("../../storefront/internal/shop/web"), shopBudget}} {
		sent := 0
		err := fs.WalkDir(c.files, ".", func(name string, _ fs.DirEntry, err error) error {
			if kind := path.Ext(name); err != nil || kind != ".js" && kind != ".css" {
				return err
			}
			text, err := fs.ReadFile(c.files, name)
			var out bytes.Buffer
			w := gzip.NewWriter(&out)
			_, _ = w.Write(text)
			w.Close()
			sent += out.Len()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", name, sent)
		if sent > c.budget || sent < 1000 {
			t.Errorf("%s: %d bytes, want at most %d", name, sent, c.budget)
		}
	}
}

// crowd is a tracker's index, served as its API does, with a console before it.
type crowd struct {
	index   *tracker.Index
	start   time.Time
	numbers map[string]int64
	ids     int
	records map[string][]tracker.Record // of the sagas that are read event by event
}

func newCrowd() *crowd {
	var machines []*saga.Machine
	for _, app := range services.All {
		for _, b := range app.Bindings {
			machines = append(machines, b.Machine)
		}
	}
	return &crowd{index: tracker.New(machines), start: time.Now().Add(-4 * time.Hour), numbers: map[string]int64{},
		records: map[string][]tracker.Record{}}
}

func (c *crowd) say(of string, at time.Duration, kind saga.Kind, cause string, data any) string {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	topic := saga.Topic(kind.Name())
	c.numbers[topic]++
	c.ids++
	r := tracker.Record{Topic: topic, Offset: c.numbers[topic] - 1, Sequence: c.numbers[topic], Type: kind.Name(), Key: of, Saga: of,
		ID: fmt.Sprintf("01950000-0000-7000-8000-%012x", c.ids), Cause: cause, Time: c.start.Add(at), Data: text}
	c.records[of] = append(c.records[of], r)
	c.index.Add(&r)
	return r.ID
}

// sells adds a saga that was placed and completed.
func (c *crowd) sells(n int) string {
	id := fmt.Sprintf("01950000-0000-7000-9000-%012x", n)
	at := time.Duration(n) * time.Second
	price := schemas.Money{Amount: 700, Currency: "GBP"}
	placed := c.say(id, at, storefront.OrderPlaced, "", storefront.OrderPlacedV1{CustomerID: fmt.Sprint("c", n%1000), Total: price,
		Lines:        []schemas.Line{{SKU: fmt.Sprint("sku-", n%50), Quantity: 1, UnitPrice: 700}},
		PaymentToken: "tok_ok", FillPolicy: "fill_all", Email: "ada@example.com",
		ShipTo: schemas.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}})
	c.say(id, at+time.Second, order.StatusChanged, placed, order.StatusChangedV1{Status: "completed", Text: "…", Final: true})
	return id
}

// large adds a saga of so many events, most of them of stock.
func (c *crowd) large(n, events int) string {
	id := c.sells(n)
	placed := c.records[id][0].ID
	at := time.Duration(n)*time.Second + 2*time.Second
	validated := c.say(id, at, order.Validated, placed, order.ValidatedV1{CustomerID: "c1", FillPolicy: "fill_all"})
	asked := c.say(id, at, payment.AuthorizationRequested, validated, payment.AuthorizationRequested.Example())
	paid := c.say(id, at, payment.Authorized, asked, payment.Authorized.Example())
	sent := c.say(id, at, shipping.Dispatched, paid, shipping.Dispatched.Example())
	for len(c.records[id]) < events {
		c.say(id, at, inventory.StockChanged, sent, inventory.StockChanged.Example())
	}
	return id
}

// serve is the address of a server of it.
func (c *crowd) serve(t *testing.T) string {
	t.Helper()
	s := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0"})
	routes := openapi.NewRoutes(s, func(*gin.Context) {}, "Operators", "1", "")
	console.Register(routes)
	answer := func(path string, body func(g *gin.Context) any) {
		s.Engine().GET(path, func(g *gin.Context) { g.JSON(http.StatusOK, body(g)) })
	}
	items := func(list any) any { return gin.H{"items": list, "as_of": time.Now()} }
	answer("/session", func(*gin.Context) any { return gin.H{"signed_in": true, "subject": "ann"} })
	openapi.HandleOpen[struct{}, openapi.Body[tracker.Facets]](routes, huma.Operation{OperationID: "count-sagas",
		Method: http.MethodGet, Path: "/v1/sagas/facets"}, func(g *gin.Context) {
		g.JSON(http.StatusOK, c.index.Facets(filter(g), time.Now()))
	})
	answer("/v1/sagas/:order", func(g *gin.Context) any {
		told, _ := c.index.Saga(g.Param("order"), c.records[g.Param("order")], time.Now())
		return told
	})
	answer("/v1/sagas", func(g *gin.Context) any {
		var after *tracker.Mark
		if mark := (tracker.Mark{}); httpserver.NewQuery(g).Cursor(&mark) {
			after = &mark
		}
		limit := 100
		if g.Query("limit") == "1" {
			limit = 1
		}
		list, next, more := c.index.Sagas(filter(g), after, limit, time.Now())
		page := gin.H{"items": append([]tracker.Summary{}, list...), "as_of": time.Now()}
		if more {
			page["next_cursor"] = httpserver.EncodeCursor(*next)
		}
		return page
	})
	for _, path := range []string{"/v1/parked", "/v1/parked/groups", "/v1/reviews", "/v1/obligations", "/v1/deadlines"} {
		answer(path, func(*gin.Context) any { return items([]any{}) })
	}
	answer("/v1/overview", func(*gin.Context) any { return c.index.Overview(time.Now()) })
	addr, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(t.Context()) })
	return "http://" + addr
}

func filter(g *gin.Context) tracker.Filter {
	return tracker.Filter{Orders: httpserver.NewQuery(g).Several("orders", 100), State: g.Query("state"),
		Customer: g.Query("customer"), SKU: g.Query("sku"), Prefix: g.Query("q")}
}

// usable opens a page and measures, in the browser and from the beginning of the navigation, when the condition is first true.
// The best of three counts: a test of what a page costs is not one of how busy the machine is.
func (p *page) usable(at, condition string) time.Duration {
	p.Helper()
	best := time.Hour
	for range 3 {
		p.visit(at)
		took := eval[float64](p, `new Promise((tell) => {
			const look = () => (`+condition+`) ? tell(performance.now()) : setTimeout(look, 5);
			look(); })`)
		best = min(best, time.Duration(took*float64(time.Millisecond)))
	}
	return best
}

func TestTenThousandSagasAndOneOf500EventsAreUsableWithinASecond(t *testing.T) {
	t.Parallel()
	c := newCrowd()
	for n := range 10_000 {
		c.sells(n)
	}
	large := c.large(10_000, 500)
	p := open(t, c.serve(t))

	took := p.usable("/sagas", `document.querySelectorAll('main tbody tr').length === 100`)
	t.Logf("the list of 10,001 sagas is there after %s", took)
	if took > usableWithin {
		t.Errorf("the list took %s", took)
	}
	p.see("of 10,001")
	p.until(`document.querySelector('main tbody a')`)
	first := eval[string](p, `document.querySelector('main tbody a').innerText`)
	p.press("Older")
	p.until(fmt.Sprintf(`document.querySelector('main tbody a') &&
		!document.querySelector('main tbody').innerText.includes(%q)`, first))
	second := eval[string](p, `document.querySelector('main tbody a').innerText`)
	p.visit(eval[string](p, `location.pathname + location.search`))
	p.see(second)
	p.visit("/sagas?customer=c7")
	p.see("of 10")
	p.visit("/sagas?sku=sku-7")
	p.see("of 200")

	took = p.usable("/sagas/"+large, `document.querySelectorAll('table.events tbody tr').length > 3`)
	t.Logf("the saga of 500 events is there after %s, folded", took)
	if took > usableWithin {
		t.Errorf("the saga took %s", took)
	}
	folded := eval[int](p, `document.querySelectorAll('table.events tbody tr').length`)
	if folded > 40 {
		t.Errorf("folded it has %d rows", folded)
	}
	took = p.usable("/sagas/"+large+"?fold=no", `document.querySelectorAll('table.events tbody tr').length >= 500`)
	t.Logf("unfolded after %s", took)
	if took > usableWithin {
		t.Errorf("unfolded it took %s", took)
	}
	p.see("500 events")
	if strings.Contains(p.text(), "This did not work") {
		t.Error(p.text())
	}
}
