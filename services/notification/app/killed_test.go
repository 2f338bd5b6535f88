package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// asService is the environment variable that makes this program the service, so that it can be killed.
const asService = "NOTIFICATION_AS_SERVICE"

func TestMain(m *testing.M) {
	if args := os.Getenv(asService); args != "" {
		os.Args = append([]string{"notification"}, strings.Split(args, " ")...)
		service.Run(App)
		return
	}
	embeddedtest.Main(m)
}

const (
	partitions = 2
	patience   = 5 * time.Minute // however slow the machine is
)

// sink is a mail server that counts what it took, by recipient and subject.
type sink struct {
	mu    sync.Mutex
	taken map[string]int
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
	s.taken[s.to+" "+subject]++
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

// site is a broker, a database and a mail server with which processes of the service run. The test publishes what the other
// services say.
type site struct {
	*testing.T
	producer *kafka.Producer
	args     string
	key      []byte
	sequence map[string]int64
	mails    *sink
	server   string       // of Postgres
	db       *database.DB // of the service, once it is there
}

func open(t *testing.T) *site {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	broker, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Dir: dir})
	must(err)
	t.Cleanup(func() { broker.Close() })
	client := kafka.Dial(kafka.Config{Brokers: []string{broker.Addr()}})
	t.Cleanup(client.Close)
	topics := []kafka.TopicSpec{{Name: engine.ControlTopic, Partitions: 1, ReplicationFactor: 1},
		{Name: engine.ReportsTopic, Partitions: 1, ReplicationFactor: 1}}
	for _, name := range []string{"storefront", "order", "shipping", "refund", "notification"} {
		topics = append(topics, kafka.TopicSpec{Name: name + ".events", Partitions: partitions, ReplicationFactor: 1})
	}
	_, err = client.CreateTopics(t.Context(), topics)
	must(err)
	s := &site{T: t, producer: client.NewProducer(), key: bytes.Repeat([]byte("k"), 32), sequence: map[string]int64{},
		mails: &sink{taken: map[string]int{}}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s.mails}, nil }))
	server.Domain, server.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	key := filepath.Join(dir, "key")
	must(os.WriteFile(key, s.key, 0o600))
	s.server = embeddedtest.Postgres(t)
	s.args = fmt.Sprintf("--data-dir %s --kafka %s --postgres %s --http-addr 127.0.0.1:0 --ops-addr 127.0.0.1:0 --jwt-key-file %s "+
		"--log-level warn --partitions %d --smtp-url smtp://%s --promotion-rate 100", dir, broker.Addr(), s.server, key,
		partitions, l.Addr())
	return s
}

// process is one process of the service.
type process struct {
	*exec.Cmd
	ready chan string // its operators' listener, once it is ready
}

func (s *site) start() *process {
	s.Helper()
	p := &process{exec.Command(os.Args[0]), make(chan string, 1)}
	p.Env = append(os.Environ(), asService+"="+s.args)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(p.kill)
	go func() {
		said, buffer := "", make([]byte, 1000)
		for {
			n, err := out.Read(buffer)
			if said += string(buffer[:n]); err != nil {
				return
			}
			if line, _, whole := strings.Cut(said, "\n"); whole && strings.HasPrefix(line, "ready ") {
				words := strings.Fields(line)
				p.ready <- words[len(words)-1]
				return
			}
		}
	}()
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// tell appends events to their producers' topics, as their outboxes would.
func (s *site) tell(events ...saga.Event) {
	s.Helper()
	for _, e := range events {
		topic, partition := saga.Topic(e.Type), kafka.PartitionOf(e.Key, partitions)
		at := fmt.Sprint(topic, partition)
		s.sequence[at]++
		data, err := json.Marshal(e.Data)
		if err != nil {
			s.Fatal(err)
		}
		acks := s.producer.Publish(s.Context(), []kafka.Batch{{Topic: topic, Partition: partition, Records: []kafka.Record{{
			Key: e.Key, ID: fmt.Sprintf("%s-%d", at, s.sequence[at]), Type: e.Type, Source: "/" + saga.Producer(e.Type),
			Correlation: e.Key, Time: time.Now().UTC(), Sequence: s.sequence[at], Data: data}}}})
		if acks[0].Err != nil {
			s.Fatal(acks[0].Err)
		}
	}
}

func (s *site) until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// publish asks for a promotion as an operator, once so many customers want promotions.
func (s *site) publish(operators string, audience int) {
	s.Helper()
	s.until(fmt.Sprint("an audience of ", audience), func() bool {
		n := 0
		s.read("SELECT count(*) FROM customers WHERE promoted", &n)
		return n == audience
	})
	token, err := httpserver.Mint(s.key, httpserver.AudienceOperators, "ops", time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, operators+"/v1/promotions",
		strings.NewReader(`{"title":"Mugs","text":"All mugs cost less."}`))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
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
	s := open(t)
	const customers, orders, kills = 150, 60, 3
	s.tell(storefront.PreferencesChanged.About("shy", storefront.PreferencesChangedV1{Channels: []string{"mail"}, Locale: "en",
		Email: "shy@example.com"}))
	p := s.start()
	operators := <-p.ready
	s.connect()
	for n := range customers {
		id := fmt.Sprintf("c%03d", n)
		s.tell(storefront.PreferencesChanged.About(id, storefront.PreferencesChangedV1{Channels: []string{"mail"}, Locale: "en",
			Promotions: true, Email: id + "@example.com"}))
	}
	s.publish(operators, customers)
	for n := range orders {
		id := fmt.Sprintf("018f0000-0000-7000-8000-%012d", n)
		s.tell(order.Confirmed.About(id, order.ConfirmedV1{CustomerID: fmt.Sprint("buyer", n), Total: schemas.Money{Amount: 1250, Currency: "GBP"},
			Lines:  []schemas.Allocation{{SKU: "MUG", Quantity: 5, UnitPrice: 250, Warehouse: "LEEDS"}},
			ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}}),
			storefront.OrderPlaced.About(id, storefront.OrderPlacedV1{CustomerID: fmt.Sprint("buyer", n), PaymentToken: "tok_ok",
				FillPolicy: "fill_all", Lines: []schemas.Line{{SKU: "MUG", Quantity: 5, UnitPrice: 250}},
				Total:  schemas.Money{Amount: 1250, Currency: "GBP"},
				ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"},
				Email:  fmt.Sprintf("buyer%d@example.com", n)}))
	}
	all := func() int { return s.mails.count(" Mugs") + s.mails.count(" Your order is confirmed") }
	for range kills {
		before := all()
		stop := min(before+1+rand.IntN(50), customers+orders-5)
		s.until(fmt.Sprint(stop, " mails"), func() bool { return all() >= stop })
		p.kill()
		t.Logf("killed after %d of %d mails", all(), customers+orders)
		p = s.start()
		<-p.ready
	}
	const onTheirWay = kills * (promotionsAtOnce + messagesAtOnce) // at most; those whose outcome is unknown are not sent again
	s.until("all mails", func() bool { return all()+s.unknown() >= customers+orders })
	for what, n := range s.mails.taken {
		if n > 1 || strings.HasPrefix(what, "shy@") {
			t.Errorf("mailed %d times: %s", n, what)
		}
	}
	if lost := s.unknown(); lost > onTheirWay {
		t.Errorf("%d mails have an unknown outcome", lost)
	}
	t.Logf("%d promotions and %d confirmations were mailed, of %d the outcome is unknown", s.mails.count(" Mugs"),
		s.mails.count(" Your order is confirmed"), s.unknown())
}

// connect opens the service's database, which its first process made.
func (s *site) connect() {
	s.Helper()
	url, err := database.Provision(s.Context(), s.server, App.Name)
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
