package app

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

var orders = flag.Int("orders", 200, "orders whose invoices are issued while processes are killed; make invoices takes 5000")

// asService is the environment variable that makes this program the service, so that it can be killed.
const asService = "INVOICE_AS_SERVICE"

func TestMain(m *testing.M) {
	if args := os.Getenv(asService); args != "" {
		os.Args = append([]string{"invoice"}, strings.Split(args, " ")...)
		service.Run(App)
		return
	}
	flag.Parse()
	embeddedtest.Main(m)
}

const (
	partitions = 4
	patience   = 5 * time.Minute // however slow the machine is
)

// site is a broker and a database on which processes of the service run. The test publishes what the other services say.
type site struct {
	*testing.T
	client   *kafka.Client
	producer *kafka.Producer
	args     string
	key      []byte
	sequence map[string]int64
	next     map[int]int64 // by partition: where reading goes on
	said     []saga.Event
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
	s := &site{T: t, client: kafka.Dial(kafka.Config{Brokers: []string{broker.Addr()}}), key: bytes.Repeat([]byte("k"), 32),
		sequence: map[string]int64{}, next: map[int]int64{}}
	t.Cleanup(s.client.Close)
	topics := []kafka.TopicSpec{{Name: engine.ControlTopic, Partitions: 1, ReplicationFactor: 1},
		{Name: engine.ReportsTopic, Partitions: 1, ReplicationFactor: 1}}
	for _, name := range []string{"order", "payment", "refund", "catalog", "invoice"} {
		topics = append(topics, kafka.TopicSpec{Name: name + ".events", Partitions: partitions, ReplicationFactor: 1})
	}
	_, err = s.client.CreateTopics(t.Context(), topics)
	must(err)
	s.producer = s.client.NewProducer()
	key := filepath.Join(dir, "key")
	must(os.WriteFile(key, s.key, 0o600))
	s.args = fmt.Sprintf("--data-dir %s --kafka %s --postgres %s --http-addr 127.0.0.1:0 --ops-addr 127.0.0.1:0 --jwt-key-file %s "+
		"--log-level warn", dir, broker.Addr(), embeddedtest.Postgres(t), key)
	return s
}

// process is one process of the service.
type process struct {
	*exec.Cmd
	ready chan string // its customers' listener, once it is ready
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
				p.ready <- strings.Fields(line)[2]
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
	batches := map[string]*kafka.Batch{}
	for _, e := range events {
		topic, partition := saga.Topic(e.Type), kafka.PartitionOf(e.Key, partitions)
		at := fmt.Sprint(topic, partition)
		s.sequence[at]++
		data, err := json.Marshal(e.Data)
		if err != nil {
			s.Fatal(err)
		}
		if batches[at] == nil {
			batches[at] = &kafka.Batch{Topic: topic, Partition: partition}
		}
		batches[at].Records = append(batches[at].Records, kafka.Record{
			Key: e.Key, ID: fmt.Sprintf("%s-%d", at, s.sequence[at]), Type: e.Type, Source: "/" + saga.Producer(e.Type),
			Correlation: e.Key, Time: time.Now().UTC(), Sequence: s.sequence[at], Data: data})
	}
	for _, b := range batches {
		if acks := s.producer.Publish(s.Context(), []kafka.Batch{*b}); acks[0].Err != nil {
			s.Fatal(acks[0].Err)
		}
	}
}

// documents reads on in the service's topic and returns all invoices and credit notes in it, by number.
func (s *site) documents() (all map[string][]saga.Event) {
	s.Helper()
	for p := range partitions {
		_, ends, err := s.client.Offsets(s.Context(), "invoice.events", []int{p})
		if err != nil {
			s.Fatal(err)
		}
		for s.next[p] < ends[p] {
			got, err := s.client.Fetch(s.Context(), []kafka.Position{{Topic: "invoice.events", Partition: p, Offset: s.next[p]}},
				time.Second)
			if err != nil || got[0].Err != nil {
				s.Fatal(err, got)
			}
			for _, r := range got[0].Records {
				for _, kind := range []saga.Kind{event.Issued, event.CreditNoteIssued} {
					if r.Type != kind.Name() {
						continue
					}
					data, err := kind.Decode(r.Data)
					if err != nil {
						s.Fatal(err)
					}
					s.said = append(s.said, saga.Event{Type: r.Type, Key: r.Key, Data: data})
				}
			}
			s.next[p] = got[0].Next
		}
	}
	all = map[string][]saga.Event{}
	for _, e := range s.said {
		switch d := e.Data.(type) {
		case event.IssuedV1:
			all[d.Document.Number] = append(all[d.Document.Number], e)
		case event.CreditNoteIssuedV1:
			all[d.Document.Number] = append(all[d.Document.Number], e)
		}
	}
	return all
}

func (s *site) until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// id is the id of an order.
func id(n int) string { return fmt.Sprintf("018f0000-0000-7000-8000-%012d", n) }

// story is what the other services say of one order. Every third is refunded in part, some of these twice.
func story(n int) (events []saga.Event) {
	total := schemas.Money{Amount: 1250, Currency: "GBP"}
	events = []saga.Event{
		payment.Captured.About(id(n), payment.CapturedV1{Reference: "a", Amount: total}),
		order.Confirmed.About(id(n), order.ConfirmedV1{CustomerID: "ann", Total: total,
			Lines:  []schemas.Allocation{{SKU: "MUG", Quantity: 5, UnitPrice: 250, Warehouse: "LEEDS"}},
			ShipTo: schemas.Address{Name: "Ann Example", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}}),
	}
	for r := range refunds(n) {
		events = append(events, refund.Issued.About(id(n), refund.IssuedV1{RefundID: fmt.Sprint("refund-", n, "-", r),
			Reason: "returned",
			Amount: schemas.Money{Amount: 250, Currency: "GBP"}}))
	}
	return events
}

func refunds(n int) int {
	if n%3 != 0 {
		return 0
	}
	return 1 + n%2
}

func TestTwoProcessesThatAreKilledAtRandomGiveEveryOrderOneInvoiceAndNumbersWithoutGapOrRepeat(t *testing.T) {
	s := open(t)
	s.tell(catalog.ProductListed.About("MUG", catalog.ProductListedV1{Description: "A red mug",
		Price: schemas.Money{Amount: 250, Currency: "GBP"}}))
	running := []*process{s.start(), s.start()}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	const rounds = 5
	notes, wanted := 0, 0
	for round := range rounds {
		var heard []saga.Event
		for n := round * *orders / rounds; n < (round+1)**orders/rounds; n++ {
			heard, notes, wanted = append(heard, story(n)...), notes+refunds(n), wanted+1+refunds(n)
		}
		before := len(s.documents())
		s.tell(heard...)
		stop := before + random.IntN(wanted-before)
		s.until(fmt.Sprintf("%d of %d documents", stop, wanted), func() bool { return len(s.documents()) >= stop })
		victim := random.IntN(2)
		running[victim].kill()
		t.Logf("killed process %d after %d of %d documents", victim, len(s.documents()), wanted)
		running[victim] = s.start()
	}
	s.until(fmt.Sprint(wanted, " documents"), func() bool { return len(s.documents()) >= wanted })
	all, of := s.documents(), map[string]int{}
	year := ""
	for number, events := range all {
		if len(events) != 1 {
			t.Errorf("%s was given %d times", number, len(events))
		}
		of[events[0].Key+" "+events[0].Type]++
		year = strings.Split(number, "-")[1]
	}
	for series, last := range map[string]int{"INV": *orders, "CN": notes} {
		for n := 1; n <= last; n++ {
			if all[fmt.Sprintf("%s-%s-%06d", series, year, n)] == nil {
				t.Errorf("%s-%s has no number %d of %d", series, year, n, last)
			}
		}
	}
	for n := range *orders {
		if of[id(n)+" invoice.issued.v1"] != 1 || of[id(n)+" invoice.credit_note_issued.v1"] != refunds(n) {
			t.Errorf("order %d has %d invoices and %d credit notes, not 1 and %d", n, of[id(n)+" invoice.issued.v1"],
				of[id(n)+" invoice.credit_note_issued.v1"], refunds(n))
		}
	}
	if len(all) != wanted {
		t.Errorf("%d documents, want %d", len(all), wanted)
	}
	s.serves(<-running[0].ready, <-running[1].ready)
}

// serves asks each process for documents of an order, as its customer and as another.
func (s *site) serves(urls ...string) {
	s.Helper()
	var files [][]byte
	for _, url := range urls {
		get := func(customer, path, accept string) (int, http.Header, []byte) {
			token, err := httpserver.Mint(s.key, httpserver.AudienceCustomers, customer, time.Hour)
			if err != nil {
				s.Fatal(err)
			}
			req, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url+path, nil)
			if err != nil {
				s.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Accept", accept)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				s.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				s.Fatal(err)
			}
			return res.StatusCode, res.Header, body
		}
		at := "/v1/orders/" + id(3)
		for _, path := range []string{"/invoice", "/credit-notes/1", "/credit-notes/2"} {
			code, header, body := get("ann", at+path, "application/pdf")
			if code != 200 || header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(body, []byte("%PDF-1.7")) {
				s.Errorf("%s: %d %v", path, code, header)
			}
			files = append(files, body)
			code, header, body = get("ann", at+path, "application/xml, application/pdf;q=0.5")
			if code != 200 || header.Get("Content-Type") != "application/xml" || !bytes.Contains(body, []byte("urn:cen.eu:en16931:2017")) {
				s.Errorf("%s: %d %v %s", path, code, header, body)
			}
			if path == "/invoice" && !bytes.Contains(body, []byte("<cbc:Name>A red mug</cbc:Name>")) {
				s.Errorf("does not name the product: %s", body)
			}
		}
		for _, c := range []struct {
			who, path, accept string
			want              int
		}{
			{"bob", at + "/invoice", "*/*", 404}, {"bob", at + "/credit-notes/1", "*/*", 404}, {"ann", at + "/credit-notes/3", "", 404},
			{"ann", at + "/credit-notes/0", "", 404}, {"ann", "/v1/orders/" + id(99_999_999) + "/invoice", "", 404},
			{"ann", "/v1/orders/x/invoice", "", 404}, {"ann", at + "/invoice", "text/html", 406}, {"ann", at + "/invoice", "*/*", 200},
			{"ann", at + "/invoice", "application/pdf;q=0", 406}, {"ann", at + "/invoice", "text/html, application/*;q=0.1", 200},
		} {
			if code, _, body := get(c.who, c.path, c.accept); code != c.want {
				s.Errorf("%s %s as %q: %d %.200s", c.who, c.path, c.accept, code, body)
			}
		}
	}
	half := len(files) / 2
	if !slices.EqualFunc(files[:half], files[half:], bytes.Equal) {
		s.Error("two processes draw the same document differently")
	}
}
