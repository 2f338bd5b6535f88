package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/services/recommendation"
	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service/servicetest"
)

func TestMain(m *testing.M) { servicetest.Main(m, App) }

// confirmed are orders of 2 to 30 out of 80 goods.
func confirmed(n int) (events []saga.Event) {
	for i := range n {
		e := order.ConfirmedV1{CustomerID: fmt.Sprint("c", i%40), Total: schemas.Money{Amount: 100, Currency: "GBP"},
			ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}}
		for _, good := range rand.Perm(80)[:2+rand.IntN(29)] {
			e.Lines = append(e.Lines, schemas.Allocation{SKU: fmt.Sprintf("G%02d", good), Quantity: 1, UnitPrice: 1, Warehouse: "north"})
		}
		events = append(events, order.Confirmed.About(fmt.Sprintf("018f0000-0000-7000-8000-%012d", i), e))
	}
	return events
}

func TestAServiceThatIsKilledWhileItLearnsHasTheRowsOfOneThatNeverWas(t *testing.T) {
	s := servicetest.Open(t, App, 2, "")
	const orders, kills = 600, 4
	p := s.Start()
	s.Ready(p)
	url, err := database.Provision(t.Context(), s.Postgres, App.Name)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	learnt := func() (n int) {
		if err := db.Gorm().Raw("SELECT count(*) FROM baskets").Row().Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	told := confirmed(orders)
	for kill := range kills {
		s.Tell(told[kill*orders/kills : (kill+1)*orders/kills]...)
		stop := kill*orders/kills + 1 + rand.IntN(orders/kills-1)
		s.Until(fmt.Sprint(stop, " orders are learnt"), func() bool { return learnt() >= stop })
		p.Kill()
		t.Logf("killed after %d of %d orders", learnt(), orders)
		p = s.Start()
		s.Ready(p)
	}
	s.Until("all orders are learnt", func() bool { return learnt() >= orders })
	compare(t, db, told)
}

// compare compares the rows with what the model learns of the baskets in their order, each of which is of one order.
func compare(t *testing.T, db *database.DB, told []saga.Event) {
	t.Helper()
	goods := map[string][]string{}
	for _, e := range told {
		for _, l := range e.Data.(order.ConfirmedV1).Lines {
			goods[e.Key] = append(goods[e.Key], l.SKU)
		}
	}
	var baskets []struct {
		N                   int64
		OrderID, CustomerID string
		At                  time.Time
		SKUs                string `gorm:"column:skus"`
	}
	if err := db.Gorm().Raw("SELECT n, order_id, customer_id, at, skus FROM baskets ORDER BY n").Scan(&baskets).Error; err != nil {
		t.Fatal(err)
	}
	m := recommendation.BlankModel("")
	for i, b := range baskets {
		of := recommendation.Basket{N: b.N, Order: b.OrderID, Customer: b.CustomerID, At: b.At.UTC()}
		if err := json.Unmarshal([]byte(b.SKUs), &of.SKUs); err != nil || b.N != int64(i+1) ||
			!reflect.DeepEqual(of.SKUs, goods[b.OrderID]) {
			t.Fatalf("basket %d: %+v, and order %s has %v; %v", i+1, of, b.OrderID, goods[b.OrderID], err)
		}
		delete(goods, b.OrderID)
		m = m.Learn(of)
	}
	var rows []struct {
		SKU, Neighbours string
		Basket          int64
		Mass            float64
	}
	if err := db.Gorm().Raw("SELECT sku, basket, mass, neighbours FROM goods").Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		got := recommendation.Solved{Basket: r.Basket, Mass: r.Mass}
		if err := json.Unmarshal([]byte(r.Neighbours), &got.Neighbours); err != nil {
			t.Fatal(err)
		}
		if want, _ := m.Good(r.SKU); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", r.SKU, got, want)
		}
	}
	if len(goods) > 0 || len(rows) != 80 {
		t.Errorf("%d orders were not learnt, %d goods have neighbours", len(goods), len(rows))
	}
}
