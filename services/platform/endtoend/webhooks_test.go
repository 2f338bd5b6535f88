package endtoend_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	payment "orderflow.example/services/payment/app"
	"orderflow.example/services/platform/trial"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

var deliveries = flag.Int("webhooks", 600, "webhooks of the gateway that are sent, shuffled and repeated, or mutated")

// told is a notification as it is sent: the same bytes each time, signed anew.
type told struct {
	body   []byte
	secret []byte
	at     string // the URL
	path   string
	taken  *atomic.Int64
}

func (n told) send(t *testing.T) {
	a, err := trial.Caller{URL: n.at}.Send("POST", n.path, string(n.body),
		httpserver.SignatureHeader+": "+httpserver.Sign(n.secret, n.body, time.Now()))
	if err != nil || a.Status != http.StatusOK {
		t.Errorf("%s: %d %s (%v)", n.body, a.Status, a.Body, err)
	}
	n.taken.Add(1)
}

// heard is an installation whose gateway is spoken for by the test.
type heard struct {
	*trial.Parts
	secret []byte
	taken  atomic.Int64
}

// notices are what the gateway has to say of an order by now, in order, and the dispute that follows: won or lost.
func (h *heard) notices(t *testing.T, order string, dispute bool) (all []told) {
	t.Helper()
	page := trial.Read[struct{ Items []gateway.Entry }](t,
		h.Site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+order, nil))
	entries := page.Items
	if dispute {
		e := entries[len(entries)-1]
		e.Kind, e.Amount, e.About, e.Fee, e.Key = gateway.ChargedBack, total, "dp_"+order, 0, ""
		e.Seq += 1 << 40 // an id of its own
		end := e
		end.Seq, end.Kind = e.Seq+1<<40, gateway.ChargebackReversed
		if isLost(order) {
			end.Kind = gateway.DisputeLost
		}
		entries = append(entries, e, end)
	}
	for _, e := range entries {
		w, is := gateway.Notice(e)
		if !is {
			continue
		}
		body, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, told{body, h.secret, h.Customers("payment"), payment.App.Webhooks.Path, &h.taken})
	}
	return all
}

// isLost tells how the order's dispute ends.
func isLost(order string) bool { return order[len(order)-1]%2 == 0 }

// shuffled repeats each up to three times, in any order.
func shuffled(luck *rand.Rand, all []told) (sent []told) {
	for _, n := range all {
		for range 1 + luck.IntN(3) {
			sent = append(sent, n)
		}
	}
	luck.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
	return sent
}

// sendAll sends them, several at a time.
func sendAll(t *testing.T, all []told) {
	t.Helper()
	var senders sync.WaitGroup
	next := make(chan told)
	for range 8 {
		senders.Go(func() {
			for n := range next {
				if !t.Failed() {
					n.send(t)
				}
			}
		})
	}
	for _, n := range all {
		next <- n
	}
	close(next)
	if senders.Wait(); t.Failed() {
		t.FailNow()
	}
}

// buy places orders, each to an address of its own: after a chargeback later orders to the same one are reviewed.
func (h *heard) buy(t *testing.T, kind string, n int) []*trial.Buyer {
	t.Helper()
	buyers := make([]*trial.Buyer, n)
	for i := range buyers {
		basket := trial.NewBasket(trial.Line{SKU: "heard", Quantity: 2})
		basket.ShipTo.Line1 = fmt.Sprintf("%d %s Street", i, kind)
		buyers[i] = h.Site.Buy(t, basket)
	}
	return buyers
}

// end is what the customer sees of the payment, and how many entries and which balances the books have.
func (h *heard) end(t *testing.T, b *trial.Buyer) (end string, entries int) {
	t.Helper()
	o := b.Order(t)
	journal := trial.Read[struct {
		Items []struct {
			Transfers []struct {
				Debit, Credit string
				Amount        struct{ Amount int64 }
			}
		}
	}](t, h.Site.Operator("reporting").Must(t, 200, "GET", "/v1/journal?order="+b.ID, nil))
	balance := map[string]int64{}
	for _, e := range journal.Items {
		for _, x := range e.Transfers {
			balance[x.Debit] += x.Amount.Amount
			balance[x.Credit] -= x.Amount.Amount
		}
	}
	return fmt.Sprintf("%s %+v, %d entries: %v", o.Status, o.Payment, len(journal.Items), balance), len(journal.Items)
}

func TestWebhooksInAnyOrderRepeatedAndBeforeTheAnswersLeadToTheSameAsInOrderAndOnce(t *testing.T) {
	t.Parallel()
	h := &heard{Parts: trial.StartParts(t, 100)}
	config := service.Config{JWTKeyFile: filepath.Join(t.TempDir(), "key")}
	err := os.WriteFile(config.JWTKeyFile, h.Site.Key, 0o600)
	if err == nil {
		h.secret, err = config.SharedSecret(payment.App.Webhooks.Secret(config))
	}
	if err != nil {
		t.Fatal(err)
	}
	orders := max(*deliveries/8, 20) // of each are four notifications, each sent twice on average
	h.Site.Sell(t, "heard", price, int64(2*orders+24))
	luck := rand.New(rand.NewPCG(13, 10_000))

	// The answer to the authorisation is withheld until its notification was taken, for two orders of five: every tenth webhook.
	h.Gate.Shut("/sim/gateway/v1/authorizations")
	early := h.buy(t, "Early", 2*orders/5)
	var first []told
	for _, b := range early {
		trial.Await(t, "the authorisation of "+b.ID+" in the book", func() (bool, string) {
			return h.Site.Book(t, b.ID).Authorized > 0, ""
		})
		first = append(first, h.notices(t, b.ID, false)...)
	}
	sendAll(t, shuffled(luck, first))
	before := h.taken.Load()
	for _, b := range early {
		b.Await(t, "confirmed") // though no call was answered
	}
	h.Gate.Open()

	control := h.buy(t, "Control", 12)
	stormed := append(early, h.buy(t, "Stormed", orders-len(early))...)
	var rest []told
	for _, b := range append(control[:len(control):len(control)], stormed...) {
		b.Await(t, "completed")
	}
	for _, b := range stormed {
		rest = append(rest, h.notices(t, b.ID, true)...)
	}
	for _, b := range control {
		for _, n := range h.notices(t, b.ID, true) {
			n.send(t)
		}
	}
	sendAll(t, shuffled(luck, rest))
	t.Logf("%d orders, %d webhooks taken, %d of them before their call was answered", len(stormed), h.taken.Load(), before)

	want := map[bool]string{} // by whether the dispute is lost
	for _, b := range control {
		entries := 3 // sale, tax and chargeback
		if !isLost(b.ID) {
			entries++
		}
		trial.Await(t, "the end of "+b.ID, func() (bool, string) {
			got, n := h.end(t, b)
			want[isLost(b.ID)] = got
			return n == entries && (b.Order(t).Payment.ChargedBack.Amount > 0) == isLost(b.ID), got
		})
	}
	for _, b := range stormed {
		trial.Await(t, "the end of "+b.ID, func() (bool, string) {
			got, _ := h.end(t, b)
			return got == want[isLost(b.ID)], got + ", not " + want[isLost(b.ID)]
		})
	}
	t.Log(want)
	parked := h.Site.Operator("payment").Must(t, 200, "GET", "/v1/parked", nil)
	if len(trial.Read[struct{ Items []any }](t, parked).Items) > 0 {
		t.Errorf("parked: %s", parked.Body)
	}
}
