package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service/servicetest"
)

var buyers = flag.Int("buyers", 200, "buyers of a twentieth as many pieces, while processes are killed; make last-pieces: 10000")

func TestMain(m *testing.M) { servicetest.Main(m, App) }

const partitions = 4

// site also reads what the service says.
type site struct {
	*servicetest.Site
	next map[int]int64           // by partition: where reading goes on
	said map[string][]saga.Event // by key: reserved, backordered, rejected and stocked
}

// read reads on in the service's topic and counts the orders that were answered for good.
func (s *site) read() (answered int) {
	s.Helper()
	for p := range partitions {
		_, ends, err := s.Kafka.Offsets(s.Context(), "inventory.events", []int{p})
		if err != nil {
			s.Fatal(err)
		}
		for s.next[p] < ends[p] {
			got, err := s.Kafka.Fetch(s.Context(), []kafka.Position{{Topic: "inventory.events", Partition: p, Offset: s.next[p]}},
				time.Second)
			if err != nil || got[0].Err != nil {
				s.Fatal(err, got)
			}
			for _, r := range got[0].Records {
				for _, kind := range []saga.Kind{event.Reserved, event.Backordered, event.Rejected, event.Stocked} {
					if r.Type != kind.Name() {
						continue
					}
					data, err := kind.Decode(r.Data)
					if err != nil {
						s.Fatal(err)
					}
					s.said[r.Key] = append(s.said[r.Key], saga.Event{Type: r.Type, Key: r.Key, Data: data})
				}
			}
			s.next[p] = got[0].Next
		}
	}
	for _, events := range s.said {
		if last := events[len(events)-1].Type; last == event.Reserved.Name() || last == event.Rejected.Name() {
			answered++
		}
	}
	return answered
}

// id is the id of an order.
func id(n int) string { return fmt.Sprintf("018f0000-0000-7000-8000-%012d", n) }

// wish is an order of one piece, by each fill policy in turn. Some may wait for it, a little while.
func wish(n int) saga.Event {
	lines := []schemas.Line{{SKU: "PIECE", Quantity: 1, UnitPrice: 250}}
	return order.Validated.About(id(n), order.ValidatedV1{CustomerID: fmt.Sprint("customer-", n), Lines: lines,
		Total:  schemas.Money{Amount: 250, Currency: "GBP"},
		ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"},
		Email:  "ann@example.com", PaymentToken: "tok_ok", FillPolicy: []string{"fill_all", "fill_or_kill", "fill_available"}[n%3],
		Backorder: &schemas.Backorder{SKUs: []string{"PIECE"}, Until: time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339)}})
}

func TestOfManyWhoBuyTheLastPiecesExactlySoManyGetOneAndAllOthersAreToldThoughProcessesAreKilled(t *testing.T) {
	s := &site{Site: servicetest.Open(t, App, partitions, ""), next: map[int]int64{}, said: map[string][]saga.Event{}}
	pieces := *buyers / 20
	running := []*servicetest.Process{s.Start(), s.Start()}
	s.Tell(warehouse.StockReceived.About("PIECE", warehouse.StockReceivedV1{ReceiptID: "r", Warehouse: "leeds",
		Quantity: int64(pieces)}))
	s.Until("the goods", func() bool { s.read(); return s.said["PIECE"] != nil })
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	const rounds = 5
	start := time.Now()
	for round := range rounds {
		for _, p := range running {
			s.Ready(p)
		}
		from, to := round**buyers/rounds, (round+1)**buyers/rounds
		last, victim := from+random.IntN(to-from), random.IntN(2)
		for n := from; n < to; n++ { // the process is killed while it works on what it has just heard
			s.Tell(wish(n))
			if n == last {
				running[victim].Kill()
				t.Logf("killed process %d: %d of %d were answered", victim, s.read(), n+1)
				running[victim] = s.Start()
			}
		}
	}
	s.Until(fmt.Sprint("an answer to each of ", *buyers), func() bool { return s.read() >= *buyers })
	sold, waited := 0, 0
	for n := range *buyers {
		reserved, final := 0, 0
		for _, e := range s.said[id(n)] {
			switch e.Data.(type) {
			case event.ReservedV1:
				reserved, final = reserved+1, final+1
			case event.RejectedV1:
				final++
			case event.BackorderedV1:
				waited++
			}
		}
		if sold += reserved; final != 1 {
			t.Errorf("order %d was answered %d times: %+v", n, final, s.said[id(n)])
		}
	}
	if sold != pieces || waited == 0 {
		t.Errorf("%d of %d pieces are sold, %d orders waited", sold, pieces, waited)
	}
	t.Logf("%d buyers, %d pieces: %d sold, %d waited in vain, in %.1f s", *buyers, pieces, sold, waited, time.Since(start).Seconds())

	var stock struct {
		OnHand   int `json:"on_hand"`
		Reserved int
	}
	s.get(running[0], "/v1/stock/PIECE", &stock)
	if stock.OnHand != pieces || stock.Reserved != pieces {
		t.Errorf("the stock is %+v", stock)
	}
	held, cursor := 0, ""
	for {
		var page struct {
			Items []struct{ State string }
			Next  string `json:"next_cursor"`
		}
		s.get(running[1], "/v1/stock/PIECE?of=reservations&limit=200&cursor="+cursor, &page)
		for _, r := range page.Items {
			if held++; r.State != "reserved" {
				t.Errorf("an order is %s", r.State)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if held != pieces {
		t.Errorf("%d orders are listed that hold a piece, want %d", held, pieces)
	}
}

// get asks a process as an operator.
func (s *site) get(p *servicetest.Process, path string, into any) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.Ready(p).Operators+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token(httpserver.AudienceOperators, "op"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil || res.StatusCode != 200 {
		s.Fatalf("%s: %d %s %v", path, res.StatusCode, body, err)
	}
}
