package endtoend_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/embedded"
)

// A database that is unreachable is a temporary fault outside the program: no route answers 500, and each 503 has Retry-After.
func TestADatabaseThatIsAwayIs503WithRetryAfterOnEveryRoute(t *testing.T) {
	t.Parallel()
	// A server of its own, as the platform would restart its private one.
	server, err := embedded.StartPostgres(t.Context(), embedded.PostgresConfig{Dir: filepath.Join(openDir(t), "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() }) // it was killed
	config := trial.Config(openDir(t), 100)
	config.Postgres = server.URL()
	p, err := trial.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() }) // parts that need the database return an error
	site, err := trial.Whole(p)
	if err != nil {
		t.Fatal(err)
	}
	site.Sell(t, "away", price, 5)
	buyer := site.Buy(t, trial.NewBasket(trial.Line{SKU: "away", Quantity: 1}))
	buyer.Await(t, "delivered")
	customer, operator := site.Customer(buyer.Name), site.Operator("")
	killPostgres(t, server)
	order, line := "/v1/orders/"+buyer.ID, []any{map[string]any{"sku": "away", "quantity": 1}}
	ask := func(needed bool, caller trial.Caller, method, path string, body any) {
		a, err := caller.Send(method, path, body, "Idempotency-Key: k")
		switch {
		case err != nil:
			t.Errorf("%s %s: %v", method, path, err)
		case a.Status == 500, a.Status == 503 && a.Header.Get("Retry-After") == "", needed && a.Status != 503:
			t.Errorf("%s %s: %d %v %s", method, path, a.Status, a.Header, a.Body)
		}
	}
	var all sync.WaitGroup
	for _, one := range []struct {
		caller       trial.Caller
		method, path string
		body         any
	}{
		{customer, "GET", "/v1/products", nil}, {customer, "GET", "/v1/products/away", nil}, {customer, "GET", "/v1/orders", nil},
		{customer, "GET", order, nil}, {customer, "GET", order + "/events", nil},
		{customer, "POST", "/v1/orders", trial.NewBasket(trial.Line{SKU: "away", Quantity: 1})},
		{customer, "POST", order + "/cancellation", map[string]any{}},
		{customer, "POST", order + "/returns", map[string]any{"lines": line, "reason": "broken"}},
		{operator, "GET", "/v1/products/away", nil}, {operator, "GET", "/v1/stock/away", nil}, {operator, "GET", "/v1/orders", nil},
		{operator, "GET", "/v1/reviews", nil}, {operator, "GET", "/v1/parked", nil},
		{operator, "POST", "/v1/reviews/" + buyer.ID, map[string]any{"approve": true}},
		{operator, "POST", "/v1/products", map[string]any{"items": []any{map[string]any{"sku": "away", "description": "Goods",
			"price": map[string]any{"amount": 1, "currency": "GBP"}}}}},
		{operator, "POST", "/v1/stock/receipts", map[string]any{"items": []any{
			map[string]any{"sku": "away", "warehouse": "north", "quantity": 1}}}},
	} {
		all.Go(func() { ask(true, one.caller, one.method, one.path, one.body) })
	}
	all.Wait()
	for _, route := range p.Host.Operators.Engine().Routes() {
		if route.Method == http.MethodGet && !strings.HasPrefix(route.Path, "/sim/") {
			path := strings.NewReplacer(":order", buyer.ID, ":id", "x", "*sku", "away").Replace(route.Path)
			all.Go(func() { ask(false, operator, route.Method, path, nil) })
		}
	}
	all.Wait()
}

// killPostgres kills a private server and its sessions at once, like the loss of its machine. If only the server were killed,
// a busy session would serve its client for a moment more.
func killPostgres(t *testing.T, server *embedded.Postgres) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `SELECT pid FROM pg_stat_activity UNION ALL
		SELECT (regexp_match(pg_read_file('postmaster.pid'), '^[0-9]+'))[1]::int`)
	if err != nil {
		t.Fatal(err)
	}
	processes, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(processes) // the server first: it would treat the others' end as a crash, and restart
	for _, pid := range processes {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Fatal(err)
		}
	}
	<-server.Done()
	for err == nil { // the kernel closes the connections of the killed processes
		err = conn.Ping(t.Context())
	}
}
