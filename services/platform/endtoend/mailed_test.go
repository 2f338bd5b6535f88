package endtoend_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/sync/errgroup"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// mailed is how many invoices of December 2010 are replayed; make mails replays all.
var mailed = flag.Int("invoices", 20, "invoices of December 2010 whose customers are mailed; 0: all")

// subjectOf is the subject of the mail that tells of an event.
var subjectOf = map[string]string{
	order.Confirmed.Name():           "Your order is confirmed",
	order.Cancelled.Name():           "Your order is cancelled",
	order.ParcelCancelled.Name():     "A parcel of your order is not sent",
	order.Reduced.Name():             "Goods of your order are missing",
	order.Rejected.Name():            "We cannot carry out your order",
	shipping.Dispatched.Name():       "Your parcel is on its way",
	shipping.Delivered.Name():        "Your parcel was delivered",
	shipping.Lost.Name():             "Your parcel was lost",
	shipping.ReturnAuthorized.Name(): "You can send the goods back",
	shipping.ReturnRefused.Name():    "These goods cannot be sent back",
	shipping.ReturnReceived.Name():   "Your return has arrived",
	refund.Issued.Name():             "You got money back",
	refund.Owed.Name():               "We owe you money",
	payment.RefundReversed.Name():    "Your refund did not arrive",
	inventory.Backordered.Name():     "Your order waits for goods",
}

// inbox is a mail server of the customers' provider. It is busy at first for some, and hangs up after some that it took.
type inbox struct {
	mu              sync.Mutex
	tries           map[string]int // by recipient and subject
	deferred, broke int
	letters         []arrived
}

type arrived struct {
	to, content string
	at          time.Time
}

type delivery struct {
	*inbox
	conn *smtp.Conn
	to   string
}

func (d *delivery) Reset()                               { d.to = "" }
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[d.to]++
	if d.tries[d.to]%11 == 1 && len(d.letters)%3 == 0 {
		d.deferred++
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "too busy, please come back later"}
	}
	d.letters = append(d.letters, arrived{d.to, string(content), time.Now()})
	if len(d.letters)%50 == 0 { // whether it was taken is unknown to the sender, who must not send it again
		d.broke++
		d.conn.Conn().Close()
	}
	return nil
}

func (i *inbox) taken() []arrived {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.letters[:len(i.letters):len(i.letters)]
}

func (i *inbox) listen(t *testing.T) (url string) {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &delivery{inbox: i, conn: c}, nil }))
	server.Domain, server.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "smtp://" + l.Addr().String()
}

var (
	orderIn = regexp.MustCompile(`(?m)^Order ([0-9a-f-]{36})\r?$`)
	webIn   = regexp.MustCompile(`https://shop\.example\.com(/\S+)`)
)

func TestTheMailsOfTheDemoTellEachThingOnceAndNotBeforeItIsTrueAndTheirLinksWork(t *testing.T) {
	t.Parallel()
	box := &inbox{tries: map[string]int{}}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := trial.Config(dir, 20).With(service.Settings{"smtp-url": box.listen(t), "public-url": "https://shop.example.com"})
	c.ValidateProduced = false
	p, err := run.Start(t.Context(), c, run.Options{Faults: true,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	report := replayed(t, p)
	was := happenings(t, p)
	trial.Await(t, "a mail for each event", func() (bool, string) {
		n := len(box.taken())
		return n >= was.events, fmt.Sprintf("%d mails of %d", n, was.events)
	})
	awaitQuiet(t, p)
	counts := was.check(t, box.taken())
	follow(t, p.StorefrontURL, box.taken())
	confirmed := counts[subjectOf[order.Confirmed.Name()]]
	t.Logf("%d orders, of which %d were confirmed; %d mails for %d events, %d deferred at first, %d with their answer lost: %v",
		report.Orders.Placed, confirmed, len(box.taken()), was.events, box.deferred, box.broke, counts)
	if confirmed == 0 || box.deferred == 0 || len(box.taken()) >= 50 && box.broke == 0 {
		t.Error("nothing was tried")
	}
}

// replayed replays December 2010 until every order has ended.
func replayed(t *testing.T, p *run.Platform) demo.Report {
	t.Helper()
	key, err := p.Config.Key()
	if err != nil {
		t.Fatal(err)
	}
	file, err := demo.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plan, err := demo.NewPlan(file, demo.Sample, *mailed, demo.Undecided)
	if err != nil {
		t.Fatal(err)
	}
	report, err := demo.Run(t.Context(), demo.Options{StorefrontURL: p.StorefrontURL, OperatorsURL: p.OperatorsURL, Key: key,
		Plan: plan})
	if err != nil || !report.Whole() {
		t.Fatalf("%v, %d orders did not end", err, report.Orders.Unfinished)
	}
	return report
}

// happened is what customers are told of, as it stands on the topics.
type happened struct {
	events int
	by     map[string][]time.Time // order and subject → when
}

// happenings reads the topics of what happened to their ends.
func happenings(t *testing.T, p *run.Platform) (all happened) {
	t.Helper()
	k := kafka.Dial(kafka.Config{Brokers: p.Kafka, ClientID: "trial"})
	defer k.Close()
	all.by = map[string][]time.Time{}
	ctx, cancel := context.WithTimeout(t.Context(), trial.Patience)
	defer cancel()
	var positions []kafka.Position
	for _, topic := range []string{"order.events", "shipping.events", "refund.events", "payment.events", "inventory.events"} {
		for i := range p.Partitions {
			positions = append(positions, kafka.Position{Topic: topic, Partition: i})
		}
	}
	for ended := false; !ended; {
		ended = true
		fetched, err := k.Fetch(ctx, positions, 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range fetched {
			if f.Err != nil {
				t.Fatal(f.Err)
			}
			for _, record := range f.Records {
				if subject, is := subjectOf[record.Type]; is {
					subject = named(t, subject, record.Data)
					all.events++
					all.by[record.Key+" "+subject] = append(all.by[record.Key+" "+subject], record.Time)
				}
			}
			ended = ended && f.Next >= f.HighWatermark
			positions[i].Offset = f.Next
		}
	}
	return all
}

// named is the subject with the parcel's number, where the event is about one of several.
func named(t *testing.T, subject string, data []byte) string {
	t.Helper()
	about := trial.Read[struct{ Parcel *schemas.Parcel }](t, trial.Answer{Body: string(data)})
	if about.Parcel == nil {
		return subject
	}
	return strings.Replace(subject, "Your parcel", fmt.Sprintf("Parcel %d of %d", about.Parcel.Number, about.Parcel.Of), 1)
}

// awaitQuiet waits until no message waits for its provider.
func awaitQuiet(t *testing.T, p *run.Platform) {
	t.Helper()
	db := p.Host.Databases()["notification"].Gorm()
	trial.Await(t, "messages on their way", func() (bool, string) {
		n := 0
		err := db.Raw(`SELECT count(*) FROM engine.call`).Row().Scan(&n)
		return err == nil && n == 0, fmt.Sprint(n, err)
	})
}

// check compares the mails with what happened, and counts them by their subjects.
func (all happened) check(t *testing.T, mails []arrived) map[string]int {
	t.Helper()
	came, counts := map[string][]time.Time{}, map[string]int{}
	for _, m := range mails {
		l, err := trial.ReadLetter(m.to, m.content)
		id := orderIn.FindStringSubmatch(l.Text)
		if err != nil || id == nil {
			t.Fatalf("a mail to %s cannot be read or names no order: %v\n%s", m.to, err, m.content)
		}
		if !strings.Contains(l.HTML, id[1]) || l.Header.Get("To") != "<"+m.to+">" && l.Header.Get("To") != m.to {
			t.Errorf("a mail about %s: to %s, page %s", id[1], l.Header.Get("To"), l.HTML)
		}
		came[id[1]+" "+l.Subject] = append(came[id[1]+" "+l.Subject], m.at)
		counts[l.Subject]++
	}
	for what, at := range came {
		was := all.by[what]
		if len(at) != len(was) {
			t.Errorf("%s: mailed %d times, happened %d times", what, len(at), len(was))
			continue
		}
		for i := range at { // in their order: one customer's mails are sent one after the other
			if at[i].Before(was[i]) {
				t.Errorf("%s: mailed at %v, happened at %v", what, at[i], was[i])
			}
		}
	}
	for what := range all.by {
		if came[what] == nil {
			t.Errorf("%s: happened and was not mailed", what)
		}
	}
	return counts
}

// follow asks for the link of each mail, without a login.
func follow(t *testing.T, shop string, mails []arrived) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for _, m := range mails {
		group.Go(func() error {
			l, err := trial.ReadLetter(m.to, m.content)
			if err != nil || ctx.Err() != nil {
				return err
			}
			link := webIn.FindStringSubmatch(l.Text)
			if link == nil || !strings.Contains(l.HTML, strings.ReplaceAll(link[0], "&", "&amp;")) {
				return fmt.Errorf("there is no link in %s", l.Text)
			}
			a, err := trial.Caller{URL: shop}.Send("GET", link[1], nil)
			if err != nil || a.Status != 200 || !strings.Contains(a.Body, orderIn.FindStringSubmatch(l.Text)[1]) {
				return fmt.Errorf("the link %s leads to %d %s: %w", link[1], a.Status, a.Body, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
