package run_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// known is a customer of whom every service knows something.
func known(t *testing.T, r running, name string) *trial.Buyer {
	sku := fresh("rows")
	r.site.Sell(t, sku, price, received)
	call := r.site.Customer(name)
	call.Must(t, 200, "PUT", "/v1/me/preferences", map[string]any{"channels": []string{"mail"}, "locale": "de", "promotions": false})
	call.Must(t, 202, "POST", "/v1/interactions", map[string]any{"kind": "view", "sku": sku})
	b := r.site.BuyAs(t, name, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}))
	b.Await(t, "completed")
	b.Return(t, trial.Line{SKU: sku, Quantity: 1})
	b.Await(t, "returned")
	for _, path := range []string{"/v1/orders/" + b.ID + "/credit-notes/1", "/v1/me/messages", "/v1/recommendations"} {
		trial.Await(t, path, func() (bool, string) {
			a, err := call.Send("GET", path, nil)
			return err == nil && a.Status == 200 && a.Body != `{"items":[]}`, fmt.Sprint(a, err)
		})
	}
	trial.Await(t, "what the customer looked at", func() (bool, string) {
		n, err := of(r.Host.Databases()["recommendation"].Gorm(), "visitors", name)
		return n > 0, fmt.Sprint(err)
	})
	return b
}

// tables are all tables of a service's database, with what the database's customers' role may read of them.
func tables(t *testing.T, db *gorm.DB) map[string]bool {
	t.Helper()
	rows, err := db.Raw(`SELECT format('%I.%I', n.nspname, c.relname),
		has_schema_privilege(current_database() || '_customer', n.oid, 'USAGE')
			AND has_any_column_privilege(current_database() || '_customer', c.oid, 'SELECT')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var name string
		var readable bool
		if err := rows.Scan(&name, &readable); err != nil {
			t.Fatal(err)
		}
		all[name] = readable
	}
	return all
}

// of counts the rows of a table in which the customer's name stands, anywhere.
func of(db *gorm.DB, table, customer string) (n int, err error) {
	err = db.Raw("SELECT count(*) FROM "+table+" AS t WHERE strpos(t::text, ?) > 0", customer).Row().Scan(&n)
	return n, err
}

func TestWithTheRightsOfACustomerNoTableShowsARowOfAnother(t *testing.T) {
	t.Parallel()
	r := start(t)
	ann, bob := known(t, r, fresh("ann")), known(t, r, fresh("bob"))
	own := 0
	for name, db := range r.Host.Databases() {
		for table, readable := range tables(t, db.Gorm()) {
			for reader, other := range map[string]string{ann.Name: bob.Name, bob.Name: ann.Name} {
				err := database.AsCustomer(t.Context(), db.Gorm(), reader, func(tx *gorm.DB) error {
					n, err := of(tx, table, other)
					if n > 0 {
						t.Errorf("%s sees %d rows of %s in %s of %s", reader, n, other, table, name)
					}
					if err != nil || !readable {
						return err
					}
					n, err = of(tx, table, reader)
					if own += n; n == 0 {
						t.Errorf("%s sees none of the own rows in %s of %s", reader, table, name)
					}
					return err
				})
				if (err == nil) != readable || err != nil && !strings.Contains(err.Error(), "42501") {
					t.Errorf("%s reads %s of %s: %v", reader, table, name, err)
				}
			}
		}
	}
	if own < 10 {
		t.Errorf("they see %d own rows", own)
	}
}

// otherwise are requests whose answers do not depend on the rows of a customer alone, and why.
var otherwise = map[string]string{
	"/v1/recommendations": "an index of everybody's baskets answers, and counts the customer's own in it; what the customer " +
		"looked at is read with the customer's rights, see recommendation's store",
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// What no policy shows to a customer is in no answer: so every answer comes from rows that are read with the customer's rights.
func TestEveryAnswerToACustomerIsReadWithTheRightsOfThatCustomer(t *testing.T) {
	t.Parallel()
	r := start(t)
	ann, eve := known(t, r, fresh("ann")), fresh("eve")
	paths := ownPaths(t)
	ask := func(name, path string) string {
		path = strings.NewReplacer("{id}", ann.ID, "{n}", "1").Replace(path)
		a, err := r.site.Customer(name).Send("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(a.Status, " ", requestID.ReplaceAllString(a.Body, ""))
	}
	stranger := map[string]string{}
	for _, path := range paths {
		if stranger[path] = ask(eve, path); otherwise[path] == "" && ask(ann.Name, path) == stranger[path] {
			t.Fatalf("%s answers its customer as it answers a stranger: %s", path, stranger[path])
		}
	}
	hidden := 0
	for name, db := range r.Host.Databases() {
		for table, readable := range tables(t, db.Gorm()) {
			if !readable {
				continue
			}
			hidden++
			short := table[strings.Index(table, ".")+1:]
			if err := db.Gorm().Exec(fmt.Sprintf(`DO $$ BEGIN EXECUTE format('CREATE POLICY %q ON %s AS RESTRICTIVE TO %%I
				USING (strpos(%s::text, %%L) = 0)', current_database() || '_customer', '%s'); END $$`,
				"hide "+ann.Name, table, short, ann.Name)).Error; err != nil {
				t.Fatalf("%s of %s: %v", table, name, err)
			}
		}
	}
	for _, path := range paths {
		if got := ask(ann.Name, path); otherwise[path] == "" && got != stranger[path] {
			t.Errorf("%s shows rows that were not read with the customer's rights: %.300s", path, got)
		}
	}
	if hidden < 5 || len(paths) < 8 {
		t.Errorf("%d tables, and %v", hidden, paths)
	}
}

// ownPaths are what customers may GET with a token, of all services.
func ownPaths(t *testing.T) (paths []string) {
	customers, _, err := service.Describe(run.Apps...)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			Security []map[string]any `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(customers, &document); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		if len(document.Paths[path][strings.ToLower(http.MethodGet)].Security) > 0 {
			paths = append(paths, path)
		}
	}
	for path := range otherwise {
		if !slices.Contains(paths, path) {
			t.Errorf("%s is no longer asked for", path)
		}
	}
	return paths
}
