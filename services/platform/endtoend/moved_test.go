package endtoend_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

var movedFor = flag.Duration("moved", 8*time.Second, "for how long operators receive, count and withdraw while customers buy")

// shelfRow is a level, and the sum of its movements, at one moment.
type shelfRow struct {
	SKU              string `gorm:"column:sku"`
	Warehouse        string
	OnHand, Reserved int64
	Sum              int64
}

// shelves reads all levels and movements in one statement, which sees one moment.
func shelves(db *gorm.DB) (rows []shelfRow, err error) {
	err = db.Raw(`SELECT s.sku, s.warehouse, s.on_hand, s.reserved, coalesce(m.sum, 0)::bigint AS sum FROM stock s
		LEFT JOIN (SELECT sku, warehouse, sum(change) FROM movements GROUP BY sku, warehouse) m
		ON m.sku = s.sku AND m.warehouse = s.warehouse`).Scan(&rows).Error
	return rows, err
}

// Operators receive goods, whole and in parts, count them, withdraw products and put them back, and suppliers are late and
// deliver in parts, while customers buy, cancel and wait: the stock of every SKU is the sum of its movements at every moment.
func TestStockIsTheSumOfItsMovementsAtEveryMomentWhateverOperatorsAndCustomersDo(t *testing.T) {
	t.Parallel()
	parts := trial.StartParts(t, 50, func(c *service.Config) { c.Own["backorder-within"] = time.Minute })
	site, db := parts.Site, parts.Database(t, "inventory").Gorm()
	var skus []string
	for i := range 8 {
		skus = append(skus, fmt.Sprint("moved-", i))
		site.Sell(t, skus[i], price, 40)
	}
	operator := site.Operator("inventory")
	end := time.Now().Add(*movedFor)
	var group sync.WaitGroup
	var looks, shelvesSeen int
	var seed uint64
	acts := make([]int, 4)
	var mu sync.Mutex
	during := func(act func(luck *rand.Rand, n int)) {
		seed++
		luck := rand.New(rand.NewPCG(seed, 15))
		group.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				act(luck, n)
			}
		})
	}
	did := func(what int) { mu.Lock(); acts[what]++; mu.Unlock() }
	send := func(c trial.Caller, path, key string, body any) {
		a, err := c.Send("POST", path, body, "Idempotency-Key: "+key)
		if err != nil || a.Status >= 500 {
			t.Errorf("POST %s: %v %v", path, a, err)
		}
	}
	for who := range 3 { // customers
		during(func(luck *rand.Rand, n int) {
			basket := trial.NewBasket(trial.Line{SKU: skus[luck.IntN(8)], Quantity: 1 + luck.Int64N(3)},
				trial.Line{SKU: skus[luck.IntN(8)], Quantity: 1})
			if basket.Lines[0].SKU == basket.Lines[1].SKU {
				basket.Lines = basket.Lines[:1]
			}
			basket.FillPolicy = []string{"fill_all", "fill_available", "fill_or_kill"}[luck.IntN(3)]
			name := fmt.Sprint("mover-", who, "-", n)
			a, err := site.Customer(name).Send("POST", "/v1/orders", basket, "Idempotency-Key: "+name)
			if err != nil || a.Status >= 500 {
				t.Errorf("order: %v %v", a, err)
				return
			}
			if did(0); a.Status == 202 && luck.IntN(4) == 0 {
				id := trial.Read[trial.Order](t, a).ID
				send(site.Customer(name), "/v1/orders/"+id+"/cancellation", name+"-out", map[string]any{"reason": "changed my mind"})
			}
		})
	}
	during(func(luck *rand.Rand, n int) { // receipts
		items := []any{map[string]any{"sku": skus[luck.IntN(8)], "warehouse": []string{"north", "south"}[luck.IntN(2)],
			"quantity": 1 + luck.IntN(20)}}
		if luck.IntN(3) == 0 {
			items[0].(map[string]any)["reorder_point"] = 5 // from here on suppliers bring more, late and in parts
		}
		send(site.Operator("warehouse"), "/v1/stock/receipts", fmt.Sprint("moved-", n), map[string]any{"items": items})
		did(1)
		time.Sleep(20 * time.Millisecond)
	})
	during(func(luck *rand.Rand, n int) { // stock-takings
		sku := skus[luck.IntN(8)]
		level := site.Stock(t, sku)
		send(operator, "/v1/stock/counts", fmt.Sprint("count-", n), map[string]any{"items": []any{map[string]any{"sku": sku,
			"warehouse": "north", "counted": max(0, level.OnHand-5+luck.Int64N(10)), "reason": "moved"}}})
		did(2)
		time.Sleep(50 * time.Millisecond)
	})
	during(func(luck *rand.Rand, n int) { // products withdrawn from sale, and put back
		send(site.Operator("catalog"), "/v1/products/sale", fmt.Sprint("sale-", n), map[string]any{"items": []any{
			map[string]any{"sku": skus[luck.IntN(8)], "withdrawn": luck.IntN(3) == 0}}})
		did(3)
		time.Sleep(100 * time.Millisecond)
	})
	check := func() {
		rows, err := shelves(db)
		if err != nil {
			t.Error(err)
			return
		}
		looks, shelvesSeen = looks+1, shelvesSeen+len(rows)
		for _, r := range rows {
			if r.OnHand != r.Sum || r.Reserved < 0 || r.Reserved > r.OnHand {
				t.Errorf("look %d: %+v", looks, r)
			}
		}
	}
	during(func(*rand.Rand, int) { check(); time.Sleep(5 * time.Millisecond) })
	// What comes in is seen by customers: of a product of its own, that nobody buys.
	site.Sell(t, "watched", price, 1)
	var lags []time.Duration
	for n := 0; time.Now().Before(end); n++ {
		begun := time.Now()
		send(site.Operator("warehouse"), "/v1/stock/receipts", fmt.Sprint("watched-", n), map[string]any{"items": []any{
			map[string]any{"sku": "watched", "warehouse": "north", "quantity": 1}}})
		trial.Await(t, "the shop to show what came in", func() (bool, string) {
			a := site.Customer("visitor").Must(t, 200, "GET", "/v1/products/"+url.PathEscape("watched"), nil)
			return trial.Read[struct{ Available int64 }](t, a).Available == int64(n)+2, a.Body
		})
		lags = append(lags, time.Since(begun))
		time.Sleep(30 * time.Millisecond)
	}
	group.Wait()
	check()
	slices.Sort(lags)
	t.Logf("%d orders, %d receipts, %d counts, %d times withdrawn or put back; %d looks at %d levels; "+
		"from a receipt to the shop p50 %v, most %v of %d", acts[0], acts[1], acts[2], acts[3], looks, shelvesSeen,
		lags[len(lags)/2].Round(time.Millisecond), lags[len(lags)-1].Round(time.Millisecond), len(lags))
	for what, n := range acts {
		if n == 0 {
			t.Errorf("nothing of kind %d was done", what)
		}
	}
	trial.Await(t, "every order to end", func() (bool, string) {
		a := site.Operator("storefront").Must(t, 200, "GET", "/v1/orders?open=true&limit=5", nil)
		return len(trial.Read[struct{ Items []any }](t, a).Items) == 0, a.Body
	})
	check()
	checkLedger(t, site)
}
