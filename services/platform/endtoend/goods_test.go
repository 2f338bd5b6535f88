package endtoend_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// imported is what `catalog import --json` prints.
type imported struct {
	Listed, Repriced, Unchanged, Received int64
	StockedBefore                         int64 `json:"stocked_before"`
	Refused                               []struct {
		Line   int
		Reason string
	}
}

func TestAnEmptyShopIsFurnishedAndACatalogueImportedAndASagaShownOnTheCommandLine(t *testing.T) {
	t.Parallel()
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	dir := openDir(t)
	p := trial.Run(t, orderflow, "up", "--sample", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	if n := strings.Count(p.Log(), "\n"); n > 20 || strings.Contains(p.Log(), "partition taken") {
		t.Errorf("people are told %d lines:\n%s", n, p.Log())
	}
	shop := trial.Caller{URL: p.Customers}
	type offer struct {
		SKU       string
		Available int64
		Price     struct{ Amount int64 }
	}
	goods := trial.Read[struct{ Items []offer }](t, shop.Must(t, 200, "GET", "/v1/products?limit=200", nil))
	if len(goods.Items) != 200 || goods.Items[0].Available < 1 {
		t.Fatalf("%d products, the first: %+v", len(goods.Items), goods.Items[:min(1, len(goods.Items))])
	}
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, code := trial.Command(orderflow, append(args, "--data-dir", dir)...)
		if code != want {
			t.Fatalf("%v: exit code %d, want %d: %s%s", args, code, want, stdout, stderr)
		}
		return stdout, stderr
	}
	file := filepath.Join(dir, "..", filepath.Base(dir)+".csv")
	t.Cleanup(func() { os.Remove(file) })
	write := func(rows ...string) {
		t.Helper()
		text := "sku,description,price,warehouse,quantity\n" + strings.Join(rows, "\n")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("A/TEA 1,Green tea,2.50,north,10", "A/TEA 1,Green tea,2.50,attic,5", "MUG-9,Mug,free,north,1")
	read := func(code int) imported {
		t.Helper()
		out, _ := run(code, "catalog", "import", file, "--json")
		return trial.Read[imported](t, trial.Answer{Body: out})
	}
	first, again := read(1), read(1)
	if first.Listed != 1 || first.Received != 15 || len(first.Refused) != 1 || first.Refused[0].Line != 4 {
		t.Errorf("first import: %+v", first)
	}
	if again.Unchanged != 1 || again.Received != 0 || again.StockedBefore != 15 {
		t.Errorf("repeated: %+v", again)
	}
	tea := trial.Read[offer](t, shop.Must(t, 200, "GET", "/v1/products/A%2FTEA%201", nil))
	if tea.Price.Amount != 250 {
		t.Errorf("customers see %+v", tea)
	}
	write("A/TEA 1,Green tea,2.50,north,10", "A/TEA 1,Green tea,2.60,south,10")
	_, stderr := run(2, "catalog", "import", file)
	if !strings.Contains(stderr, "A/TEA 1 has two prices at one time, on lines 2 and 3") {
		t.Error(stderr)
	}
	run(2, "catalog", "import", file+".missing")

	token, _ := run(0, "token", "--customer", "ann")
	ann := trial.Caller{URL: p.Customers, Token: strings.TrimSpace(token)}
	order := trial.Read[struct{ ID string }](t, ann.Must(t, 202, "POST", "/v1/orders", map[string]any{
		"lines": []any{map[string]any{"sku": "A/TEA 1", "quantity": 1}}, "email": "ann@example.com", "payment_token": "tok_ok",
		"ship_to": map[string]string{"name": "Ann", "line1": "1 Road", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB"},
	}, "Idempotency-Key: one")).ID
	trial.Await(t, "the saga on the command line", func() (bool, string) {
		out, stderr, _ := trial.Command(orderflow, "saga", order, "--data-dir", dir)
		return strings.Contains(out, "order "+order) && strings.Contains(out, "order.confirmed.v1"), out + stderr
	})
	out, _ := run(0, "sagas", "--q", order)
	if !strings.Contains(out, order) || !strings.HasPrefix(out, "ORDER") {
		t.Error(out)
	}
	list := trial.Read[struct{ Items []struct{ Order string } }](t, trial.Answer{Body: stdoutOf(run(0, "sagas", "--json"))})
	if len(list.Items) != 1 || list.Items[0].Order != order {
		t.Errorf("%+v", list)
	}
	one := trial.Read[struct{ Events []struct{ Type string } }](t, trial.Answer{Body: stdoutOf(run(0, "saga", order, "--json"))})
	if len(one.Events) == 0 || one.Events[0].Type != "storefront.order_placed.v1" {
		t.Errorf("%+v", one)
	}
	if out, _ := run(0, "stuck"); out != "no saga is stuck\n" {
		t.Error(out)
	}
	if _, stderr := run(1, "saga", "0190a000-0000-7000-8000-000000000000"); !strings.Contains(stderr, "orderflow sagas") {
		t.Error(stderr)
	}
	run(2, "sagas", "--limit", "0")
}

func stdoutOf(stdout, _ string) string { return stdout }
