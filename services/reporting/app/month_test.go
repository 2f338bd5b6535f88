package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/services/reporting/internal/api"
	"orderflow.example/services/reporting/internal/store"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// ledger runs the machines of the journal and of the days in memory.
type ledger struct {
	t        *testing.T
	calendar reporting.Calendar
	states   map[*saga.Machine]engine.States
	orders   *saga.Machine
	days     *saga.Machine
	opened   map[string]saga.Event // by day
	n        int
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{t: t, calendar: reporting.Calendar{Zone: location("Europe/London")}, opened: map[string]saga.Event{}}
	l.orders, l.days = l.calendar.Choreography().Machine(), l.calendar.Days().Machine()
	l.states = map[*saga.Machine]engine.States{l.orders: store.Accounts().Memory(), l.days: store.Days().Memory()}
	return l
}

func (l *ledger) take(m *saga.Machine, e saga.Event, now time.Time, run func(any, saga.Event, saga.Stamp) (saga.Step, error)) {
	l.t.Helper()
	step, err := run(l.states[m].Get(e), e, func(out *saga.Event) {
		l.n++
		out.ID, out.Time = fmt.Sprintf("event-%06d", l.n), now
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.states[m].Put(e, step.State)
	for _, out := range step.Emitted {
		switch out.Data.(type) {
		case event.EntryDatedV1:
			l.take(l.days, out, now, l.days.Hear)
		case event.DayOpenedV1:
			l.opened[out.Key] = out
		case event.DayDueV1:
			l.take(l.days, out, now, l.days.Expire)
		}
	}
}

// hear lets the journal consume an event about an order.
func (l *ledger) hear(order string, e saga.Event, at time.Time) {
	l.t.Helper()
	l.n++
	e.ID, e.Key, e.Saga, e.Time = fmt.Sprintf("event-%06d", l.n), order, order, at
	l.take(l.orders, e, at, l.orders.Hear)
}

// close lets a day end.
func (l *ledger) close(day string) {
	l.t.Helper()
	_, ends, err := l.calendar.Bounds(day)
	if err != nil {
		l.t.Fatal(err)
	}
	l.take(l.days, l.opened[day], ends.Add(time.Hour), l.days.Expire)
}

// march is a month of sales and refunds in two currencies, one of whose days has 23 hours. It returns what was sold and given
// back, by currency.
func march(l *ledger) (sold, back map[string]int64) {
	sold, back = map[string]int64{}, map[string]int64{}
	for d := 1; d <= 31; d++ {
		day := fmt.Sprintf("2026-03-%02d", d)
		begins, ends, _ := l.calendar.Bounds(day)
		for n := range int64(8) {
			m := schemas.Money{Amount: 1000*n + int64(d), Currency: []string{"GBP", "EUR"}[n%2]}
			order, at := fmt.Sprintf("order-%s-%d", day, n), begins.Add(ends.Sub(begins)*time.Duration(n)/8)
			l.hear(order, payment.Captured.Of(payment.CapturedV1{Reference: "au " + order, Amount: m}), at)
			sold[m.Currency] += m.Amount
			if n == 3 || n == 6 {
				m.Amount /= 2
				l.hear(order, refund.Issued.Of(refund.IssuedV1{RefundID: "re " + order, Amount: m}), at.Add(time.Minute))
				back[m.Currency] += m.Amount
			}
		}
		l.close(day)
	}
	return sold, back
}

// opened is a database with these books, and the routes over it.
func opened(t *testing.T, l *ledger) (get func(path string) []byte, kept *gorm.DB) {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(ctx, db, store.Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	for m, kept := range map[*saga.Machine]engine.Store{l.orders: store.Accounts(), l.days: store.Days()} {
		if err := l.states[m].Save(db.Gorm()); err != nil {
			t.Fatal(err)
		}
		same := 0
		if err := kept.Each(db.Gorm(), func(key string, state any) error {
			if want := l.states[m].Get(saga.Event{Key: key}); !reflect.DeepEqual(state, want) {
				return fmt.Errorf("%s read back as %+v, want %+v", key, state, want)
			}
			same++
			return nil
		}); err != nil || same == 0 {
			t.Fatalf("%d states read back: %v", same, err)
		}
	}
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	api.Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), books{&service.Parts{DB: db.Gorm()}})
	token, err := httpserver.Mint(key, httpserver.AudienceOperators, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return func(path string) []byte {
		t.Helper()
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res := httptest.NewRecorder()
		s.Engine().ServeHTTP(res, req)
		if res.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, res.Code, res.Body)
		}
		return res.Body.Bytes()
	}, db.Gorm()
}

func whole(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheReportsOfAMonthInTwoCurrenciesAddUpInJSONAndInCSV(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	sold, back := march(l)
	get, _ := opened(t, l)

	var reports struct {
		Items []struct {
			Day, State string
			Entries    int64
			Currencies []struct {
				Currency        string
				Debits, Credits int64
				Accounts        []struct {
					Account         string
					Debits, Credits int64
				}
			}
		}
	}
	if err := json.Unmarshal(get("/v1/reports/daily?from=2026-03-01&to=2026-03-31"), &reports); err != nil {
		t.Fatal(err)
	}
	total := map[string]int64{}
	for _, d := range reports.Items {
		if d.State != "closed" || d.Entries != 10 { // eight sales, of which two are given back in part
			t.Errorf("%s is %s with %d entries", d.Day, d.State, d.Entries)
		}
		for _, c := range d.Currencies {
			if c.Debits != c.Credits {
				t.Errorf("%s in %s: %d debits, %d credits", d.Day, c.Currency, c.Debits, c.Credits)
			}
			for _, a := range c.Accounts {
				total[a.Account+c.Currency] += a.Debits - a.Credits
			}
		}
	}
	if len(reports.Items) != 31 {
		t.Errorf("%d days", len(reports.Items))
	}
	daily, journal := map[string]int64{}, map[string]int64{}
	rows, err := csv.NewReader(bytes.NewReader(get("/v1/reports/daily?format=csv&to=2026-03-31"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		daily[r[6]+r[5]] += whole(t, r[7]) - whole(t, r[8])
	}
	if rows, err = csv.NewReader(bytes.NewReader(get("/v1/journal?format=csv"))).ReadAll(); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		journal[r[7]+r[10]] += whole(t, r[9])
		journal[r[8]+r[10]] -= whole(t, r[9])
	}
	for _, c := range []string{"GBP", "EUR"} {
		for name, sums := range map[string]map[string]int64{"JSON": total, "daily CSV": daily, "journal CSV": journal} {
			if sums["revenue"+c] != -sold[c] || sums["refunds"+c] != back[c] || sums["gateway_clearing"+c] != sold[c]-back[c] ||
				sums["customers"+c] != 0 {
				t.Errorf("%s, %s: %v, sold %d, given back %d", name, c, sums, sold[c], back[c])
			}
		}
	}
}

func TestOrdersAreMissedOnceTheFilesOfTheirDaysAndOfTheTwoDaysAfterWereRead(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	march(l)
	_, db := opened(t, l)
	files := store.Settlements().Memory()
	keep := func(day string, closed, read bool) {
		t.Helper()
		s := reporting.Settlement{Day: day, Asked: true, Due: closed}
		if read {
			s.ReadAt = "2026-04-01T00:12:00.000000Z"
		}
		files.Put(saga.Event{Key: day}, s)
		if err := files.Save(db); err != nil {
			t.Fatal(err)
		}
	}
	through := func(want string) {
		t.Helper()
		through, orders, err := store.Missing(t.Context(), db, patience, "", 100)
		if err != nil || through != want || want == "" && len(orders) > 0 {
			t.Errorf("through %q, want %q: %v (%v)", through, want, orders, err)
		}
	}
	through("")
	for day := 1; day <= 4; day++ {
		keep(fmt.Sprintf("2026-03-%02d", day), true, true)
	}
	keep("2062-03-01", false, true) // an operator asked for a day that is to come
	through("2026-03-02")
	_, orders, err := store.Missing(t.Context(), db, patience, "", 10)
	if err != nil || len(orders) != 10 || orders[0] != "order-2026-03-01-0" {
		t.Errorf("%v (%v)", orders, err)
	}
	if _, rest, err := store.Missing(t.Context(), db, patience, orders[9], 10); err != nil || len(rest) != 6 {
		t.Errorf("after %s: %v (%v)", orders[9], rest, err)
	}
	keep("2026-03-05", true, false) // its file is refused: the movements of its day may be in it
	keep("2026-03-07", true, true)
	through("2026-03-02")
	keep("2026-03-05", true, true)
	through("2026-03-05")
}

func TestLinesAreMissedInAFileThatIsReadAgainOnceTheOthersAreTakenIn(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	order := func(n int) string { return fmt.Sprintf("order-2026-03-02-%d", n) }
	read := func(n int, reading int64) {
		l.hear(order(n), event.SettlementLineRead.Of(event.SettlementLineReadV1{Transaction: "txn " + order(n),
			Movement: reporting.Capture, Reference: "au " + order(n), Gross: schemas.Money{Amount: 1000, Currency: "GBP"},
			Day: "2026-03-02", Reading: reading}), time.Now())
	}
	l.hear(order(0), payment.Captured.Of(payment.CapturedV1{Reference: "au " + order(0), Amount: schemas.Money{Amount: 1000,
		Currency: "GBP"}}), time.Now())
	for n := range 4 {
		read(n, 0)
	}
	read(0, 1)
	_, db := opened(t, l)
	files := store.Settlements().Memory()
	keep := func(lines int64) {
		t.Helper()
		files.Put(saga.Event{Key: "2026-03-02"}, reporting.Settlement{Day: "2026-03-02", Asked: true,
			ReadAt: "2026-04-01T00:12:00.000000Z", Lines: lines, Begun: 2, Reading: 1})
		if err := files.Save(db); err != nil {
			t.Fatal(err)
		}
	}
	keep(2) // one of its lines is on its way
	if again, err := store.ReadAgain(t.Context(), db, "2026-03-31"); err != nil || len(again) > 0 {
		t.Errorf("%v (%v)", again, err)
	}
	keep(1)
	again, err := store.ReadAgain(t.Context(), db, "2026-03-31")
	if err != nil || len(again) != 1 || again[0] != (reporting.Vanished{Day: "2026-03-02", Reading: 1}) {
		t.Fatalf("%v (%v)", again, err)
	}
	if again, err := store.ReadAgain(t.Context(), db, "2026-04-02"); err != nil || len(again) > 0 {
		t.Errorf("of long ago: %v (%v)", again, err)
	}
	orders, err := store.WithoutLine(t.Context(), db, again[0], "", 2)
	if err != nil || fmt.Sprint(orders) != fmt.Sprint([]string{order(1), order(2)}) {
		t.Errorf("%v (%v)", orders, err)
	}
	rest, err := store.WithoutLine(t.Context(), db, again[0], order(2), 2)
	if err != nil || len(rest) != 1 || rest[0] != order(3) {
		t.Errorf("%v (%v)", rest, err)
	}
}

func TestTheJournalIsReadInPagesInTheOrderInWhichMoneyMovedAndTheTrialBalanceIsZero(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	march(l)
	get, _ := opened(t, l)
	type page struct {
		Items []struct {
			ID    string `json:"entry_id"`
			At    string `json:"happened_at"`
			Order string
			Day   string
		}
		Next string `json:"next_cursor"`
	}
	seen, last := map[string]bool{}, ""
	for path := "/v1/journal?from=2026-03-28&to=2026-03-30&limit=7"; path != ""; {
		var p page
		if err := json.Unmarshal(get(path), &p); err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			if seen[e.ID] || e.At < last || e.Day < "2026-03-28" || e.Day > "2026-03-30" {
				t.Errorf("%+v after %s", e, last)
			}
			seen[e.ID], last = true, e.At
		}
		if path = ""; p.Next != "" {
			path = "/v1/journal?from=2026-03-28&to=2026-03-30&limit=7&cursor=" + p.Next
		}
	}
	if len(seen) != 3*10 {
		t.Errorf("%d entries", len(seen))
	}
	var one page
	if err := json.Unmarshal(get("/v1/journal?order=order-2026-03-29-3"), &one); err != nil || len(one.Items) != 2 {
		t.Errorf("of one order: %+v (%v)", one, err)
	}
	var balance struct {
		Currencies []struct {
			Currency        string
			Debits, Credits int64
		}
	}
	if err := json.Unmarshal(get("/v1/reports/balance"), &balance); err != nil || len(balance.Currencies) != 2 {
		t.Fatal(balance, err)
	}
	for _, c := range balance.Currencies {
		if c.Debits != c.Credits || c.Debits == 0 {
			t.Errorf("%+v", c)
		}
	}
}
