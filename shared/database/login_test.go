package database_test

import (
	"context"
	"net/url"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestAServicesOwnLoginUsesItsDatabaseAndMakesNothing(t *testing.T) {
	t.Parallel()
	name, _ := own(t)
	other, _ := own(t)
	const password = "a-password'of\\the-service"
	admin := embeddedtest.Postgres(t)
	if err := database.AllowLogin(t.Context(), admin, "orderflow_"+name, password); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("orderflow_"+name, password)
	login, err := database.Provision(t.Context(), u.String(), name)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: login})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Gorm().Exec("CREATE TABLE mine (id text)").Error; err != nil {
		t.Error(err)
	}
	login, err = database.Provision(t.Context(), u.String(), other)
	if err == nil {
		var opened *database.DB
		if opened, err = database.Open(t.Context(), database.Options{URL: login}); err == nil {
			opened.Close()
		}
	}
	if err == nil {
		t.Error("a service opened another's database")
	}
	if err := database.AllowLogin(t.Context(), admin, "orderflow_"+name, "not\nprintable"); err == nil {
		t.Error("a password with a line break was accepted")
	}
}

func TestAQueryThatForgetsTheCustomerSeesNoOthersRows(t *testing.T) {
	t.Parallel()
	db := open(t)
	exec := func(sql string) {
		t.Helper()
		if err := db.Gorm().Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE orders (id text, customer_id text)")
	exec("CREATE TABLE secrets (id text)")
	exec("INSERT INTO orders VALUES ('1', 'ann'), ('2', 'bob'), ('3', '')")
	exec("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
	exec("CREATE POLICY own ON orders FOR SELECT USING (customer_id = current_setting('orderflow.customer', true))")
	var name string
	if err := db.Gorm().Raw("SELECT current_database()").Row().Scan(&name); err != nil {
		t.Fatal(err)
	}
	exec("GRANT SELECT, UPDATE ON orders TO " + name + "_customer")
	read := func(customer, sql string) (ids []string, err error) {
		err = database.AsCustomer(context.Background(), db.Gorm(), customer, func(tx *gorm.DB) error {
			return tx.Raw(sql).Scan(&ids).Error
		})
		return ids, err
	}
	for customer, want := range map[string]int{"ann": 1, "bob": 1, "eve": 0} {
		if ids, err := read(customer, "SELECT id FROM orders"); err != nil || len(ids) != want {
			t.Errorf("%s sees %v: %v", customer, ids, err)
		}
	}
	if _, err := read("ann", "SELECT id FROM secrets"); err == nil {
		t.Error("a table without a grant was read")
	}
	var all int
	if err := db.Gorm().Raw("SELECT count(*) FROM orders").Row().Scan(&all); err != nil || all != 3 {
		t.Errorf("the service itself sees %d rows afterwards: %v", all, err)
	}
}
