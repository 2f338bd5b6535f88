package endtoend_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	payment "orderflow.example/services/payment/app"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	shipping "orderflow.example/services/shipping/app"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/httpserver"
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
	listeners := map[trial.Caller][]trial.Operation{}
	for _, caller := range []trial.Caller{site.Customer(buyer.Name), site.Operator("")} {
		listeners[caller] = trial.Operations(t, caller)
	}
	killPostgres(t, server)
	var all sync.WaitGroup
	for caller, operations := range listeners {
		for _, o := range operations {
			all.Go(func() { askWithoutDatabase(t, p, caller, o, buyer.ID) })
		}
	}
	all.Wait()
}

// withoutDatabase are the operations that are answered from memory: from the topics, or from what is part of the program.
var withoutDatabase = []string{"health", "metrics", "get-choreography", "ask-unsubscribe", "get-fraud-rules",
	"list-audit", "list-sagas", "count-sagas", "read-overview", "read-series", "read-flow", "get-saga", "follow-sagas",
	"list-obligations", "list-deadlines", "get-deadline", "move-deadline", "take-off-deadline", "get-conservation", "sign-in",
	"get-session", "sign-out", "get-push-key"}

func askWithoutDatabase(t *testing.T, p *run.Platform, caller trial.Caller, o trial.Operation, order string) {
	path := o.At("id", order, "shipment", order, "order", order, "sku", "away", "day", "2026-03-01", "n", "1")
	query, audiences := url.Values{}, map[string]string{"show-message": "orderflow-message",
		"unsubscribe": httpserver.AudienceUnsubscribe, "ask-unsubscribe": httpserver.AudienceUnsubscribe}
	if audience, signed := audiences[o.ID]; signed {
		key, err := p.Config.Key()
		if err != nil {
			t.Error(err)
			return
		}
		token, err := httpserver.Mint(key, audience, order, time.Hour)
		if err != nil {
			t.Error(err)
			return
		}
		query.Set("token", token)
	}
	headers, body := []string{"Idempotency-Key: k"}, any(nil)
	if o.TakesBody {
		good, known := o.GoodBody("away")
		signs := payment.App.Webhooks
		if o.Path == shipping.App.Webhooks.Path {
			signs = shipping.App.Webhooks
		}
		secret, err := p.Config.SharedSecret(signs.Secret(p.Config))
		if !known || err != nil {
			t.Errorf("%s: %v; or add a good body to trial.Operation.GoodBody", o.ID, err)
			return
		}
		body = good
		headers = append(headers, httpserver.SignatureHeader+": "+httpserver.Sign(secret, []byte(good), time.Now()))
	}
	a, err := caller.Send(o.Method, path+"?"+query.Encode(), body, headers...)
	needed := !slices.Contains(withoutDatabase, o.ID)
	switch {
	case err != nil:
		t.Errorf("%s %s: %v", o.Method, path, err)
	case a.Status == 500, a.Status == 503 && a.Header.Get("Retry-After") == "", needed && a.Status != 503:
		t.Errorf("%s %s (%s): %d %v %s", o.Method, path, o.ID, a.Status, a.Header, a.Body)
	}
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
