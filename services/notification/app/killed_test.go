package app

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service/servicetest"
)

func TestMain(m *testing.M) { servicetest.Main(m, App) }

// sink is a mail server that counts what it took, by recipient and subject.
type sink struct {
	mu    sync.Mutex
	taken map[string]int
	at    map[string]time.Time // the first time
}

type session struct {
	*sink
	to string
}

func (s *session) Reset()                               { s.to = "" }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	subject := ""
	for line := range strings.SplitSeq(string(content), "\r\n") {
		if text, is := strings.CutPrefix(line, "Subject: "); is {
			subject = text
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	what := s.to + " " + subject
	if s.taken[what]++; s.taken[what] == 1 {
		s.at[what] = time.Now()
	}
	return nil
}

func (s *sink) count(subject string) (all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what := range s.taken {
		if strings.HasSuffix(what, subject) {
			all++
		}
	}
	return all
}

// site also has a mail server.
type site struct {
	*servicetest.Site
	mails *sink
	db    *database.DB // of the service, once it is there
}

func open(t *testing.T, promotions int) *site {
	t.Helper()
	mails := &sink{taken: map[string]int{}, at: map[string]time.Time{}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: mails}, nil }))
	server.Domain, server.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return &site{Site: servicetest.Open(t, App, 2, fmt.Sprintf("--smtp-url smtp://%s --promotion-rate %d",
		l.Addr(), promotions)), mails: mails}
}

// publish asks for a promotion as an operator, once so many customers want promotions.
func (s *site) publish(operators string, audience int) {
	s.Helper()
	s.Until(fmt.Sprint("an audience of ", audience), func() bool {
		n := 0
		s.read("SELECT count(*) FROM customers WHERE promoted", &n)
		return n == audience
	})
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, operators+"/v1/promotions",
		strings.NewReader(`{"title":"Mugs","text":"All mugs cost less."}`))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token(httpserver.AudienceOperators, "ops"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "mugs")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusAccepted {
		s.Fatalf("%d %s %v", res.StatusCode, body, err)
	}
}

func TestAProcessThatIsKilledWhileItSendsMailsNobodyTwiceAndLosesNoMoreThanWasOnItsWay(t *testing.T) {
	s := open(t, 100)
	const orders, kills = 60, 3
	p := s.Start()
	operators := s.Ready(p).Operators
	s.connect()
	customers := s.want(166)
	s.publish(operators, customers)
	for n := range orders {
		s.confirm(n)
	}
	all := func() int { return s.mails.count(" Mugs") + s.mails.count(" Your order is confirmed") }
	for range kills {
		before := all()
		stop := min(before+1+rand.IntN(50), customers+orders-5)
		s.Until(fmt.Sprint(stop, " mails"), func() bool { return all() >= stop })
		p.Kill()
		t.Logf("killed after %d of %d mails", all(), customers+orders)
		p = s.Start()
		s.Ready(p)
	}
	const onTheirWay = kills * (promotionsAtOnce + messagesAtOnce) // at most; those whose outcome is unknown are not sent again
	s.Until("all mails", func() bool { return all()+s.unknown() >= customers+orders })
	s.mails.mu.Lock() // a mail may still come
	for what, n := range s.mails.taken {
		if n > 1 || strings.HasPrefix(what, "shy") {
			t.Errorf("mailed %d times: %s", n, what)
		}
	}
	s.mails.mu.Unlock()
	if lost := s.unknown(); lost > onTheirWay {
		t.Errorf("%d mails have an unknown outcome", lost)
	}
	t.Logf("%d promotions and %d confirmations were mailed, of %d the outcome is unknown", s.mails.count(" Mugs"),
		s.mails.count(" Your order is confirmed"), s.unknown())
}

// confirm tells of an order of buyer n that is placed and confirmed.
func (s *site) confirm(n int) {
	s.Helper()
	id, buyer := fmt.Sprintf("018f0000-0000-7000-8000-%012d", n), fmt.Sprint("buyer", n)
	total := schemas.Money{Amount: 1250, Currency: "GBP"}
	to := schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}
	s.Tell(order.Confirmed.About(id, order.ConfirmedV1{CustomerID: buyer, Total: total, ShipTo: to,
		Lines: []schemas.Allocation{{SKU: "MUG", Quantity: 5, UnitPrice: 250, Warehouse: "LEEDS"}}}),
		storefront.OrderPlaced.About(id, storefront.OrderPlacedV1{CustomerID: buyer, PaymentToken: "tok_ok", FillPolicy: "fill_all",
			Lines: []schemas.Line{{SKU: "MUG", Quantity: 5, UnitPrice: 250}}, Total: total, ShipTo: to, Email: buyer + "@example.com"}))
}

// want tells of customers, one in ten of whom wants no promotions, and returns how many do.
func (s *site) want(customers int) (audience int) {
	s.Helper()
	const together = 500
	var events []saga.Event
	for n := range customers {
		id, wants := fmt.Sprintf("c%05d", n), n%10 != 9
		if wants {
			audience++
		} else {
			id = fmt.Sprintf("shy%05d", n)
		}
		events = append(events, storefront.PreferencesChanged.About(id, storefront.PreferencesChangedV1{Channels: []string{"mail"},
			Locale: "en", Promotions: wants, Email: id + "@example.com"}))
		if len(events) == together || n == customers-1 {
			s.Tell(events...)
			events = nil
		}
	}
	return audience
}

// connect opens the service's database, which its first process made.
func (s *site) connect() {
	s.Helper()
	url, err := database.Provision(s.Context(), s.Postgres, App.Name)
	if err == nil {
		s.db, err = database.Open(s.Context(), database.Options{URL: url, MaxConns: 2})
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { s.db.Close() })
}

// unknown counts the deliveries that the service reports as unknown.
func (s *site) unknown() (n int) {
	s.Helper()
	s.read("SELECT count(*) FROM engine.outbox WHERE data->>'reason' = 'outcome_unknown'", &n)
	return n
}

// read asks the service's database.
func (s *site) read(query string, into any) {
	s.Helper()
	err := s.db.Gorm().Raw(query).Row().Scan(into)
	if err != nil {
		s.Fatal(err)
	}
}
