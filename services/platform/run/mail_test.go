package run_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/services/platform/world/mail"
	"orderflow.example/shared/service"
)

// withMail is a platform whose customers are mailed, through a mail server that fails now and then if faults is set.
func withMail(t *testing.T, own service.Settings) *trial.Site {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // as root, the private Postgres runs as another user
		t.Fatal(err)
	}
	p, err := trial.Start(trial.Config(dir, 100).With(service.Settings{"world-speed": 100.0, "smtp-url": "simulated",
		"promotion-rate": 500.0, "public-url": "https://shop.example.com"}).With(own))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	site, err := trial.Whole(p)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// letters are what the mail server took, to one address.
func letters(t *testing.T, site *trial.Site, to string) (all []trial.Letter) {
	t.Helper()
	page := site.Operator("world").Must(t, 200, "GET", "/sim/mail/messages?limit=1000&to="+url.QueryEscape(to), nil)
	for _, m := range trial.Read[mail.Page](t, page).Items {
		l, err := trial.ReadLetter(m.Recipient, m.Content)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// subjects waits until so many mails came to the address, and returns their subjects in order.
func subjects(t *testing.T, site *trial.Site, to string, n int) (list []string) {
	t.Helper()
	trial.Await(t, fmt.Sprintf("%d mails to %s", n, to), func() (bool, string) {
		list = nil
		for _, l := range letters(t, site, to) {
			list = append(list, l.Subject)
		}
		return len(list) >= n, strings.Join(list, "; ")
	})
	return list
}

var linkIn = regexp.MustCompile(`https://shop\.example\.com(/\S+)`)

// follow asks for a link in a mail, without a login.
func follow(t *testing.T, site *trial.Site, method, text string) trial.Answer {
	t.Helper()
	link := linkIn.FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("there is no link in %q", text)
	}
	a, err := trial.Caller{URL: site.Customer("x").URL}.Send(method, strings.TrimRight(link[1], ">"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCustomersAreMailedWhatBecameOfTheirOrdersOnceInOrderAndNothingElse(t *testing.T) {
	t.Parallel()
	site := withMail(t, nil)
	const (
		confirmed, dispatched, delivered = "Your order is confirmed", "Your parcel is on its way", "Your parcel was delivered"
		cancelled, lost, refunded        = "Your order is cancelled", "Your parcel was lost", "You got money back"
		authorized, received             = "You can send the goods back", "Your return has arrived"
	)
	for name, c := range map[string]struct {
		basket func(*trial.Basket)
		then   func(*testing.T, *trial.Buyer)
		want   []string
	}{
		"well":     {want: []string{confirmed, dispatched, delivered}},
		"declined": {basket: paying("tok_declined"), want: []string{cancelled}},
		"lost": {basket: func(b *trial.Basket) { b.ShipTo.Postcode = "LOST 1" },
			want: []string{confirmed, dispatched, lost, refunded}},
		"returned": {then: returning(2), want: []string{confirmed, dispatched, delivered, authorized, received, refunded}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sku, address := fresh(name), fresh(name)+"@example.com"
			site.Sell(t, sku, price, 10)
			basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 2})
			basket.Email = address
			if c.basket != nil {
				c.basket(&basket)
			}
			buyer := site.Buy(t, basket)
			if c.then != nil {
				c.then(t, buyer)
			}
			subjects(t, site, address, len(c.want))
			buyer.Await(t, "completed", "cancelled", "returned")
			if got := subjects(t, site, address, len(c.want)); !slices.Equal(got, c.want) {
				t.Errorf("mailed %q, want %q", got, c.want)
			}
			var inbox struct {
				Items []struct{ Subject, Text string }
			}
			trial.Await(t, "the inbox", func() (bool, string) {
				a := site.Customer(buyer.Name).Must(t, 200, "GET", "/v1/me/messages", nil)
				inbox = trial.Read[struct {
					Items []struct{ Subject, Text string }
				}](t, a)
				return len(inbox.Items) == len(c.want), a.Body
			})
			for i, l := range letters(t, site, address) {
				if inbox.Items[len(c.want)-1-i].Subject != l.Subject || !strings.Contains(l.Text, buyer.ID) ||
					!strings.Contains(l.HTML, buyer.ID) || l.Header.Get("Auto-Submitted") == "" {
					t.Errorf("mail %d: %+v, inbox %+v", i, l, inbox.Items)
				}
				page := follow(t, site, "GET", l.Text)
				if page.Status != 200 || !strings.Contains(page.Body, buyer.ID) {
					t.Errorf("the link leads to %d %s", page.Status, page.Body)
				}
			}
			other := site.Customer(fresh("other")).Must(t, 200, "GET", "/v1/me/messages", nil)
			if strings.Contains(other.Body, buyer.ID) {
				t.Errorf("another customer reads %s", other.Body)
			}
		})
	}
}

func TestAnAddressThatBouncesStopsItsMailAndNotTheOrder(t *testing.T) {
	t.Parallel()
	site := withMail(t, nil)
	sku, name := fresh("bounces"), fresh("bouncing")
	site.Sell(t, sku, price, 10)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})
	basket.Email = "bounce@example.com"
	buyer := site.BuyAs(t, name, basket)
	buyer.Await(t, "completed")
	type told struct {
		Items []struct {
			Kind       string
			Deliveries []struct{ State, Reason string }
		}
	}
	var got told
	trial.Await(t, "the ends of three messages", func() (bool, string) {
		a := site.Operator("notification").Must(t, 200, "GET", "/v1/messages?order="+buyer.ID, nil)
		got = trial.Read[told](t, a)
		done := 0
		for _, m := range got.Items {
			if len(m.Deliveries) == 1 && m.Deliveries[0].State == "failed" {
				done++
			}
		}
		return done == 3, a.Body
	})
	want := map[string]string{"confirmed": "address_refused", "dispatched": "refused_before", "delivered": "refused_before"}
	for _, m := range got.Items {
		if m.Deliveries[0].Reason != want[m.Kind] {
			t.Errorf("%s: %s, want %s", m.Kind, m.Deliveries[0].Reason, want[m.Kind])
		}
	}
}

func TestAPromotionReachesWhoWantsPromotionsAndItsLinkEndsThem(t *testing.T) {
	t.Parallel()
	site := withMail(t, nil)
	operator := site.Operator("notification")
	publish := func(status int, title, text string) {
		t.Helper()
		operator.Must(t, status, "POST", "/v1/promotions", map[string]any{"title": title, "text": text}, "Idempotency-Key: "+title+"k")
	}
	publish(422, "Nobody", "There is nobody.") // to nobody
	publish(422, "Empty", "")                  // without text
	address := map[string]string{}
	for _, name := range []string{"keen", "fickle", "shy"} {
		customer := fresh(name)
		address[name] = customer + "@example.com"
		site.Customer(customer).Must(t, 200, "PUT", "/v1/me/preferences", map[string]any{"channels": []string{"mail"},
			"promotions": name != "shy", "locale": "de", "email": address[name]})
	}
	trial.Await(t, "the audience", func() (bool, string) {
		a, err := operator.Send("POST", "/v1/promotions", map[string]any{"title": "Mugs", "text": "All mugs cost less."},
			"Idempotency-Key: mugs-"+fmt.Sprint(time.Now().UnixNano()))
		return err == nil && a.Status == 202 && strings.Contains(a.Body, `"audience":2`), a.Body
	})
	subjects(t, site, address["keen"], 1)
	subjects(t, site, address["fickle"], 1)
	first := letters(t, site, address["fickle"])[0]
	if first.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" ||
		!strings.Contains(first.Text, "All mugs cost less.") {
		t.Errorf("%+v", first)
	}
	if a := follow(t, site, http.MethodPost, first.Header.Get("List-Unsubscribe")); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	trial.Await(t, "one who opted out", func() (bool, string) {
		a, err := operator.Send("POST", "/v1/promotions", map[string]any{"title": "Bags", "text": "All bags cost less."},
			"Idempotency-Key: bags-"+fmt.Sprint(time.Now().UnixNano()))
		return err == nil && a.Status == 202 && strings.Contains(a.Body, `"audience":1`), a.Body
	})
	subjects(t, site, address["keen"], 2)
	if got := letters(t, site, address["shy"]); len(got) > 0 {
		t.Errorf("who never opted in was mailed %+v", got)
	}
	count := 0
	for _, l := range letters(t, site, address["fickle"]) {
		if l.Subject == "Bags" {
			count++
		}
	}
	if last := letters(t, site, address["keen"]); last[len(last)-1].Subject == "Bags" && count > 1 {
		t.Errorf("who opted out was mailed %d promotions afterwards", count)
	}
}
