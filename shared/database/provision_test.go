package database_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestConcurrentProvisioningAgrees(t *testing.T) {
	t.Parallel()
	name, first := own(t)
	admin := open(t)
	for _, sql := range []string{"DROP DATABASE orderflow_" + name, "DROP ROLE orderflow_" + name} {
		if err := admin.Gorm().Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	urls := make([]string, 8)
	for i := range urls {
		all.Go(func() {
			url, err := database.Provision(context.Background(), embeddedtest.Postgres(t), name)
			if err != nil {
				t.Error(err)
			}
			urls[i] = url
		})
	}
	all.Wait()
	for _, url := range urls {
		if url != first {
			t.Errorf("got %q and %q", url, first)
		}
	}
}

func TestSessionsRunWithTheServicesRightsOnly(t *testing.T) {
	t.Parallel()
	name, url := own(t)
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var user string
	if err := db.Gorm().Raw("SELECT current_user || ' ' || current_database()").Row().Scan(&user); err != nil {
		t.Fatal(err)
	}
	if want := "orderflow_" + name; user != want+" "+want {
		t.Errorf("running as %q", user)
	}
	if err := db.Gorm().Exec("CREATE TABLE mine (id text)").Error; err != nil {
		t.Errorf("the owner cannot create a table: %v", err)
	}
	if err := db.Gorm().Exec("CREATE ROLE more").Error; err == nil {
		t.Error("the service's role may create roles")
	}
	other, _ := own(t)
	var may bool
	if err := db.Gorm().Raw("SELECT has_database_privilege(current_user, $1, 'CONNECT')", "orderflow_"+other).Row().
		Scan(&may); err != nil || may {
		t.Errorf("one service may connect to another's database: %v %v", may, err)
	}
}

func TestAHalfDoneProvisioningIsFinished(t *testing.T) {
	t.Parallel()
	name, url := own(t)
	admin, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Postgres(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.Gorm().Exec("GRANT CONNECT ON DATABASE orderflow_" + name + " TO PUBLIC").Error; err != nil {
		t.Fatal(err)
	}
	again, err := database.Provision(context.Background(), embeddedtest.Postgres(t), name)
	if err != nil || again != url {
		t.Fatal(again, err)
	}
	var open bool
	err = admin.Gorm().Raw("SELECT EXISTS (SELECT FROM pg_database, aclexplode(datacl) WHERE datname = $1 AND grantee = 0)",
		"orderflow_"+name).Row().Scan(&open)
	if err != nil || open {
		t.Errorf("PUBLIC still has rights: %v %v", open, err)
	}
}

func TestProvisionRefusesStrangeNamesAndURLs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Order", "a b", `x"; DROP ROLE y; --`, strings.Repeat("a", 60)} {
		if _, err := database.Provision(context.Background(), embeddedtest.Postgres(t), name); err == nil {
			t.Errorf("accepted %q", name)
		}
	}
	_, err := database.Provision(context.Background(), "host=localhost password=s3cret", "order")
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
