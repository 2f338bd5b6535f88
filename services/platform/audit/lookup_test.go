package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	catalogevent "orderflow.example/schemas/catalog"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Two services beside the shop: leaflets puts the words of the catalogue on what it says of an order, and the shelves show
// how much was ever ordered of a product.
type leaflet struct {
	Key  string `json:"key" gorm:"primaryKey"`
	Text string `json:"text"`
}

func (leaflet) TableName() string { return "leaflets" }

type ordered struct {
	SKU   string `gorm:"primaryKey"`
	Total int64
}

func (ordered) TableName() string { return "ordered" }

func keep[S any](c saga.Choreography[S], key func(S) string) service.App {
	same := func(s S) S { return s }
	store := engine.NewTable(c.Blank, key, same, same)
	return service.App{Name: c.Service, Bindings: []engine.Binding{{Machine: c.Machine(), Store: store}}}
}

func leaflets() service.App {
	printed := saga.Define[leaflet]("leaflets.printed.v1")
	return keep(saga.Choreography[leaflet]{Service: "leaflets", Blank: func(key string) leaflet { return leaflet{Key: key} },
		Evolve: func(_ leaflet, e saga.Event) leaflet { return e.Data.(leaflet) },
		Rows: []saga.Row{
			saga.Known(catalogevent.ProductListed),
			saga.OnKnown(storefrontevent.OrderPlaced, catalogevent.ProductListed,
				func(_ leaflet, e storefrontevent.OrderPlacedV1) string { return e.Lines[0].SKU },
				func(l leaflet, _ storefrontevent.OrderPlacedV1, listed *catalogevent.ProductListedV1) []saga.Event {
					if l.Text = "unknown"; listed != nil {
						l.Text = listed.Description
					}
					return []saga.Event{printed.Of(l)}
				}, printed),
		}}, func(l leaflet) string { return l.Key })
}

func shelves() service.App {
	return keep(saga.Choreography[ordered]{Service: "shelves", Key: "product",
		Blank: func(sku string) ordered { return ordered{SKU: sku} },
		Rows: []saga.Row{saga.ShowAt(storefrontevent.OrderPlaced, func(e storefrontevent.OrderPlacedV1) (skus []string) {
			for _, l := range e.Lines {
				skus = append(skus, l.SKU)
			}
			return skus
		}, func(s ordered, e storefrontevent.OrderPlacedV1, _ time.Time) ordered {
			for _, l := range e.Lines {
				if l.SKU == s.SKU {
					s.Total += l.Quantity
				}
			}
			return s
		})}}, func(s ordered) string { return s.SKU })
}

func TestWhatIsLookedUpOrShownElsewhereIsHeldAgainstTheTopics(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]struct {
		do   func(p *picture)
		says string
	}{
		"what is known": {func(p *picture) {
			live := p.services["leaflets"].live[1]
			s := live["tea"].(saga.Said)
			latest := maps.Clone(s.Latest)
			latest["catalog.product_listed.v1"] = json.RawMessage(`{}`)
			live["tea"] = saga.Said{Key: "tea", Latest: latest}
		}, "replay: tea: leaflets (lookup): Latest["},
		"nothing is known": {func(p *picture) { delete(p.services["leaflets"].live[1], "mug") },
			"replay: mug: leaflets (lookup) has no row of it"},
		"what was decided": {func(p *picture) {
			change(p, "leaflets", "completes", func(s *leaflet) { s.Text = "other" })
		}, "replay: completes: leaflets: Text"},
		"what is shown": {func(p *picture) { change(p, "shelves", "tea", func(s *ordered) { s.Total++ }) },
			"replay: tea: shelves (product): Total"},
		"what is not shown": {func(p *picture) { delete(p.services["shelves"].live[0], "mug") },
			"replay: mug: shelves (product) has no row of it"},
		"what nobody placed": {func(p *picture) { p.services["shelves"].live[0]["cup"] = ordered{SKU: "cup", Total: 1} },
			"replay: cup: shelves (product) has a row"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &series{shop: empty(t, 7, leaflets(), shelves())}
			holds := func(when string) {
				t.Helper()
				if all := s.look(t, nil); listed(all) != nil {
					t.Fatalf("%s: %s", when, strings.Join(texts(all), "\n"))
				}
			}
			s.place("completes")
			s.world.Settle()
			for range 2 * keptLooks {
				holds("settled")
			}
			s.world.Tell("tea", catalog.List.Of(catalog.Listing{Description: "green tea", Price: pounds(300)}))
			s.world.Settle()
			s.place("sent-back")
			s.world.Settle()
			holds("listed anew")
			if text := s.world.State("leaflets", "sent-back").(leaflet).Text; text != "green tea" {
				t.Errorf("the leaflet says %q", text)
			}
			one := s.picture(t)
			damage.do(one)
			want := texts(one.verdict(t))
			if !slices.ContainsFunc(want, func(text string) bool { return strings.Contains(text, damage.says) }) {
				t.Errorf("one look finds\n%s", strings.Join(want, "\n"))
			}
			if got := texts(s.look(t, damage.do)); !slices.Equal(got, want) {
				t.Errorf("looking again finds\n%s\none look finds\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
