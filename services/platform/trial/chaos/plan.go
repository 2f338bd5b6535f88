package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// line is a quantity of a product.
type line struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// basket is the body of an order.
type basket struct {
	Lines  []line `json:"lines"`
	ShipTo struct {
		Name     string `json:"name"`
		Line1    string `json:"line1"`
		City     string `json:"city"`
		Postcode string `json:"postcode"`
		Country  string `json:"country"`
	} `json:"ship_to"`
	Email        string `json:"email"`
	PaymentToken string `json:"payment_token"`
	FillPolicy   string `json:"fill_policy"`
}

// purchase is one order, and what its customer does with it.
type purchase struct {
	at          time.Duration // since the start
	customer    string        // of this order alone; also its idempotency key
	basket      basket
	canComplete bool
	cancelAfter time.Duration // 0: not cancelled
	sendsBack   bool          // once it is delivered
}

// product is one product on sale.
type product struct {
	sku     string
	price   int64
	pieces  int64 // that are received
	reorder int64 // reordered at this level; 0 never
}

const (
	plenty  = 8 // products with enough stock
	limited = "limited"
	refill  = "refill"
)

// products returns the products for so many orders: most in plenty, one that runs out, one that is reordered again and
// again because its level is low.
func products(orders int) (all []product) {
	for i := range plenty {
		all = append(all, product{sku: fmt.Sprintf("plenty-%d", i), price: int64(350 + 137*i), pieces: 100_000})
	}
	return append(all, product{sku: limited, price: 1999, pieces: max(4, int64(orders)/40)},
		product{sku: refill, price: 725, pieces: 30, reorder: 20})
}

// cards are the payment tokens, with their share of a hundred orders, and whether they pay.
var cards = []struct {
	token string
	share int
	pays  bool
}{
	{"tok_ok", 50, true}, {"tok_slow", 14, true}, {"tok_timeout", 14, true}, {"tok_refund_fails_once", 8, true},
	{"tok_declined", 6, false}, {"tok_insufficient_funds", 3, false}, {"tok_capture_fails", 5, false},
}

// plan returns the purchases of a run: so many orders, spread over the window.
func plan(seed uint64, orders int, window time.Duration) []purchase {
	luck := rand.New(rand.NewPCG(seed, 2))
	oneOf := func(n int) bool { return luck.IntN(n) == 0 }
	all := make([]purchase, orders)
	for i := range all {
		p := &all[i]
		p.at = window * time.Duration(i) / time.Duration(orders)
		p.customer, p.canComplete = fmt.Sprintf("customer-%d-%d", seed, i), true
		p.basket.Email, p.basket.FillPolicy = p.customer+"@example.com", "fill_all"
		to := &p.basket.ShipTo
		to.Name, to.Line1, to.City, to.Postcode, to.Country = "Ada Example", "1 Long Road", "Leeds", "LS1 1AA", "GB"
		for n, first := 1+luck.IntN(3), luck.IntN(plenty); n > 0; n-- {
			p.basket.Lines = append(p.basket.Lines, line{fmt.Sprintf("plenty-%d", (first+n)%plenty), 1 + luck.Int64N(3)})
		}
		switch {
		case oneOf(12):
			p.basket.Lines = append(p.basket.Lines, line{limited, 1 + luck.Int64N(2)})
		case oneOf(12):
			p.basket.Lines = append(p.basket.Lines, line{refill, 1 + luck.Int64N(3)})
		}
		if oneOf(4) {
			p.basket.FillPolicy = "fill_available"
		}
		left := luck.IntN(100)
		for _, c := range cards {
			if left -= c.share; left < 0 {
				p.basket.PaymentToken, p.canComplete = c.token, c.pays
				break
			}
		}
		switch luck.IntN(30) {
		case 0:
			p.basket.Email, p.canComplete = p.customer+"@fraud.example", false
		case 1:
			to.Postcode, p.canComplete = "NOWHERE 1", false
		case 2:
			to.Postcode, p.canComplete = "LOST 1", false
		case 3, 4, 5, 6:
			p.cancelAfter = 1 + time.Duration(luck.Int64N(int64(4*time.Second)))
		case 7, 8, 9, 10:
			p.sendsBack = true
		}
	}
	return all
}
