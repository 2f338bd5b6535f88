package endtoend_test

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/trial"
)

var inEuros = flag.Int("euros", 40, "invoices of the demo in two currencies; 0: the whole month")

// TestAMonthInTwoCurrenciesIsAccountedForInEach replays the beginning of December, with customers who pay in euros.
func TestAMonthInTwoCurrenciesIsAccountedForInEach(t *testing.T) {
	t.Parallel()
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	cmd := exec.CommandContext(t.Context(), orderflow, "demo", "--euros", "--json", "--limit", strconv.Itoa(*inEuros), "--data-dir",
		openDir(t), "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--log-level", "error")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output() // it fails unless all ends, verify holds, and no line of the gateway's files differs
	if err != nil {
		t.Fatalf("%v: %s%s", err, stderr.String(), out)
	}
	type money struct {
		Captured, Refunded int64
		ChargedBack        int64 `json:"charged_back"`
	}
	var report struct {
		Money money
		Euros money `json:"money_in_euros"`
		Books demo.Books
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	want := map[string]money{"GBP": report.Money, "EUR": report.Euros}
	for _, c := range report.Books.Currencies {
		m := want[c.Currency]
		if m.Captured == 0 || c.Debits != c.Credits || c.Of("bank")+c.Of("fees") != m.Captured-m.Refunded-m.ChargedBack {
			t.Errorf("%+v, and the orders: %+v", c, m)
		}
		delete(want, c.Currency)
	}
	if len(want) > 0 || report.Books.Lines == 0 {
		t.Errorf("%+v", report.Books)
	}
}

// traded is what the books say of one currency.
type traded struct{ Captured, Refunded, ChargedBack, Reversed int64 }

// gatewayBook is the gateway's book by currency.
func (in *installation) gatewayBook(t *testing.T) map[string]traded {
	t.Helper()
	rows, err := in.world(t).Gorm().Raw(`SELECT currency, coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0),
		coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0), coalesce(sum(amount) FILTER (WHERE kind = 'charged_back'), 0),
		coalesce(sum(amount) FILTER (WHERE kind = 'chargeback_reversed'), 0)
		FROM gateway_book GROUP BY currency`).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]traded{}
	for rows.Next() {
		var currency string
		var sums traded
		if err := rows.Scan(&currency, &sums.Captured, &sums.Refunded, &sums.ChargedBack, &sums.Reversed); err != nil {
			t.Fatal(err)
		}
		found[currency] = sums
	}
	return found
}

// accounts are the balances of the journal's accounts, debits less credits, by account and currency.
func accounts(t *testing.T, site *trial.Site) map[string]int64 {
	t.Helper()
	balance := trial.Read[struct {
		Currencies []struct {
			Currency        string
			Debits, Credits int64
			Accounts        []struct {
				Account         string
				Debits, Credits int64
			}
		}
	}](t, site.Operator("reporting").Must(t, 200, "GET", "/v1/reports/balance", nil))
	found := map[string]int64{}
	for _, c := range balance.Currencies {
		if c.Debits != c.Credits {
			t.Errorf("the trial balance in %s: %d debits, %d credits", c.Currency, c.Debits, c.Credits)
		}
		for _, a := range c.Accounts {
			found[a.Account+" "+c.Currency] = a.Debits - a.Credits
		}
	}
	return found
}

func TestAShopThatSellsInSeveralCurrenciesKeepsItsBooksInEachToTheLastCent(t *testing.T) {
	t.Parallel()
	in := install(t)
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	file := filepath.Join(t.TempDir(), "products.csv")
	if err := os.WriteFile(file, []byte("sku,description,price,currency,quantity\n"+
		"MUG,A mug,2.55,GBP,500\nBAG,\"Eine Tasche\",3.19,EUR,500\nYEN,A print,700,JPY,500\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := trial.Command(orderflow, "catalog", "import", file, "--data-dir", in.Config.DataDir,
		"--log-level", "error"); code != 0 {
		t.Fatalf("%d %s%s", code, stdout, stderr)
	}
	skus := map[string]string{"GBP": "MUG", "EUR": "BAG", "JPY": "YEN"}
	for currency, sku := range skus {
		trial.Await(t, sku+" to be for sale", func() (bool, string) {
			a, err := in.site.Customer("looker").Send("GET", "/v1/products/"+sku, nil)
			return err == nil && a.Status == 200 && strings.Contains(a.Body, currency), fmt.Sprint(a, err)
		})
	}
	mixed := trial.NewBasket(trial.Line{SKU: "MUG", Quantity: 1}, trial.Line{SKU: "BAG", Quantity: 1})
	refused := in.site.Customer("mixer").Must(t, 422, "POST", "/v1/orders", mixed, "Idempotency-Key: mixed")
	if !strings.Contains(refused.Body, "body.lines[1].sku") || !strings.Contains(refused.Body, "another currency") {
		t.Error(refused.Body)
	}

	orders := map[string][]*trial.Buyer{}
	for i, token := range []string{"tok_ok", "tok_declined", "tok_timeout", "tok_slow", "tok_capture_fails", "tok_ok", "tok_ok"} {
		for currency, sku := range skus {
			basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: int64(1 + i)})
			if basket.PaymentToken = token; i == 5 {
				basket.PaymentToken = "tok_card_chargeback_" + strings.ToLower(currency)
			}
			basket.ShipTo.Line1 = fmt.Sprint(1+i, " ", currency, " Road")
			orders[currency] = append(orders[currency], in.site.Buy(t, basket))
		}
	}
	for currency, sku := range skus {
		back := orders[currency][6]
		back.Await(t, "completed")
		back.Return(t, trial.Line{SKU: sku, Quantity: 2})
		in.site.Operator("refund").Must(t, 202, "POST", "/v1/orders/"+orders[currency][0].ID+"/refunds",
			map[string]any{"goodwill": 5, "reason": "late"}, "Idempotency-Key: goodwill "+currency)
		if o := orders[currency][0].Order(t); o.Total.Currency != currency {
			t.Errorf("an order of %s costs %+v", sku, o.Total)
		}
		trial.Await(t, "the end of the dispute in "+currency, func() (bool, string) {
			book := in.site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+orders[currency][5].ID, nil).Body
			return strings.Contains(book, "chargeback_reversed") || strings.Contains(book, "dispute_lost"), book
		})
	}
	in.checkHolds(t)
	in.settle(t)

	settle := func() {
		t.Helper()
		for _, at := range []time.Time{time.Now(), time.Now().Add(-time.Hour)} { // a day may have ended meanwhile
			in.site.Operator("reporting").Must(t, 202, "POST", "/v1/reports/daily/"+at.UTC().Format(time.DateOnly)+"/settlement", nil)
		}
	}
	book := in.gatewayBook(t)
	settle()
	trial.Await(t, "the payout of each currency", func() (bool, string) {
		now := accounts(t, in.site)
		for currency, sums := range book {
			if now["gateway_clearing "+currency] != 0 ||
				now["bank "+currency]+now["fees "+currency] > sums.Captured || now["bank "+currency] <= 0 {
				return false, fmt.Sprint(now)
			}
		}
		return len(book) == len(skus), fmt.Sprint(now, book)
	})
	in.checkBooks(t, book)
	for currency, all := range orders {
		doc := in.site.Customer(all[0].Name).Must(t, 200, "GET", "/v1/orders/"+all[0].ID+"/invoice", nil, "Accept: application/xml")
		if !strings.Contains(doc.Body, "<cbc:DocumentCurrencyCode>"+currency+"<") || strings.Count(doc.Body, "currencyID=") !=
			strings.Count(doc.Body, `currencyID="`+currency+`"`) {
			t.Errorf("the invoice of an order in %s: %s", currency, doc.Body)
		}
	}

	victim := orders["EUR"][0].ID
	found := func() string {
		return in.site.Operator("reporting").Must(t, 200, "GET", "/v1/reports/discrepancies", nil).Body
	}
	if said := found(); strings.Contains(said, "movement") {
		t.Errorf("without any difference: %s", said)
	}
	for _, change := range []int{-7, 7} {
		if err := in.world(t).Gorm().Exec(`UPDATE gateway_book SET amount = amount + $1 WHERE order_id = $2 AND kind = 'captured'`,
			change, victim).Error; err != nil {
			t.Fatal(err)
		}
		settle()
		trial.Await(t, "the discrepancy in euros, and its end", func() (bool, string) {
			said := found()
			named := strings.Contains(said, victim) && strings.Contains(said, `"currency":"EUR"`) &&
				strings.Contains(said, `"booked":319,"settled":312`)
			return named == (change < 0) && strings.Contains(said, "movement") == (change < 0), said
		})
	}
	in.checkHolds(t)
	in.checkEqual(t)
}

// checkBooks compares journal, daily report and invoices with the gateway's book, in each currency.
func (in *installation) checkBooks(t *testing.T, book map[string]traded) {
	t.Helper()
	journal := accounts(t, in.site)
	trial.Await(t, "the days to have what the journal has", func() (bool, string) {
		report := in.site.Operator("reporting").Must(t, 200, "GET", "/v1/reports/daily?format=csv", nil).Body
		rows, err := csv.NewReader(strings.NewReader(report)).ReadAll()
		if err != nil || len(rows) == 0 {
			return false, fmt.Sprint(err, report)
		}
		left := maps.Clone(journal)
		for _, r := range rows[1:] {
			debits, _ := strconv.ParseInt(r[7], 10, 64)
			credits, _ := strconv.ParseInt(r[8], 10, 64)
			left[r[6]+" "+r[5]] -= debits - credits
		}
		maps.DeleteFunc(left, func(_ string, balance int64) bool { return balance == 0 })
		return len(left) == 0, fmt.Sprint(left)
	})
	for currency, sums := range book {
		if sums.Captured == 0 || sums.Refunded == 0 || sums.ChargedBack == 0 {
			t.Errorf("%s: not everything happened: %+v", currency, sums)
		}
		var invoiced, credited int64
		err := in.Host.Databases()["invoice"].Gorm().Raw(`SELECT coalesce(sum((data->'document'->'amount'->>'amount')::bigint)
				FILTER (WHERE type = 'invoice.issued.v1'), 0),
			coalesce(sum((data->'document'->'amount'->>'amount')::bigint) FILTER (WHERE type = 'invoice.credit_note_issued.v1'), 0)
			FROM engine.outbox WHERE data->'document'->'amount'->>'currency' = $1`, currency).Row().Scan(&invoiced, &credited)
		if err != nil || invoiced != sums.Captured || credited != sums.Refunded {
			t.Errorf("%s: the gateway captured %d and gave back %d; invoiced are %d and credited %d: %v", currency, sums.Captured,
				sums.Refunded, invoiced, credited, err)
		}
		bank, fees := journal["bank "+currency], journal["fees "+currency]
		disputes, refunds := journal["disputes "+currency], journal["refunds "+currency]
		sold := -(journal["revenue "+currency] + journal["tax "+currency])
		if bank+fees+disputes+refunds != sold || journal["customers "+currency] != 0 {
			t.Errorf("%s: %v", currency, journal)
		}
		if bank+fees != sums.Captured-sums.Refunded-sums.ChargedBack+sums.Reversed {
			t.Errorf("%s: the bank has %d and %d were fees, of %+v", currency, bank, fees, sums)
		}
	}
}
