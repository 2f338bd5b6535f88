package redecide

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	catalogevent "orderflow.example/schemas/catalog"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// leaflet is what is printed for an order: the catalogue's words on what it orders, and a number.
type leaflet struct {
	Key    string `json:"key" gorm:"primaryKey"`
	Text   string `json:"text"`
	Number int64  `json:"number"`
}

func (leaflet) TableName() string { return "leaflets" }

type checked struct {
	Number int64 `json:"number"`
}

// leaflets is a service that looks up, numbers, and reacts to its own event by the event it has just emitted.
func leaflets(words func(listed string) string) service.App {
	printed, filed := saga.Define[leaflet]("leaflets.printed.v1"), saga.Define[checked]("leaflets.filed.v1")
	same := func(l leaflet) leaflet { return l }
	c := saga.Choreography[leaflet]{Service: "leaflets", Key: saga.Order,
		Blank: func(key string) leaflet { return leaflet{Key: key} }, Evolve: func(l leaflet, e saga.Event) leaflet {
			if d, ok := e.Data.(leaflet); ok {
				return d
			}
			return l
		},
		Series: []saga.Series{saga.Numbered(printed, func(leaflet, time.Time) string { return "leaflets" },
			func(l leaflet, n int64, _ time.Time) leaflet { l.Number = n; return l })},
		Rows: []saga.Row{
			saga.Known(catalogevent.ProductListed),
			saga.OnKnown(storefrontevent.OrderPlaced, catalogevent.ProductListed,
				func(_ leaflet, e storefrontevent.OrderPlacedV1) string { return e.Lines[0].SKU },
				func(l leaflet, _ storefrontevent.OrderPlacedV1, listed *catalogevent.ProductListedV1) []saga.Event {
					if l.Text = "unknown"; listed != nil {
						l.Text = words(listed.Description)
					}
					return []saga.Event{printed.Of(l)}
				}, printed),
			saga.On(printed, func(l leaflet, _ leaflet) []saga.Event { return []saga.Event{filed.Of(checked{l.Number})} }, filed),
		}}
	store := engine.NewTable(c.Blank, func(l leaflet) string { return l.Key }, same, same)
	return service.App{Name: "leaflets", Bindings: []engine.Binding{{Machine: c.Machine(), Store: store}}}
}

func TestWhatWasLookedUpAndNumberedIsDecidedAgainByWhatHadArrived(t *testing.T) {
	t.Parallel()
	same := func(listed string) string { return listed }
	for seed := range uint64(5) {
		app := leaflets(same)
		s := open(t, seed, append(apps(), app))
		var placed []string
		for n := range 12 {
			s.world.Tell("tea", catalog.List.Of(catalog.Listing{Description: fmt.Sprint("tea ", n%2),
				Price: schemas.Money{Amount: 300, Currency: "GBP"}}))
			s.world.Steps(s.random.IntN(len(s.apps)))
			s.world.Tell(fmt.Sprint("order-", n), shopOrder(s, n))
			s.world.Steps(s.random.IntN(len(s.apps)))
			placed = append(placed, fmt.Sprint("order-", n))
		}
		s.world.Settle()
		log := s.record()
		if r := log.again(t, app); !r.Holds() || r.Decided != len(placed) {
			t.Fatalf("seed %d: %s", seed, text(t, r))
		}
		r := log.again(t, leaflets(strings.ToUpper))
		if len(r.Rows) != 1 || r.Rows[0].On != storefrontevent.OrderPlaced.Name() || r.Different < len(placed)/2 {
			t.Errorf("seed %d: %s", seed, text(t, r))
		}
	}
}
