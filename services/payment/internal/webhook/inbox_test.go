package webhook_test

import (
	"fmt"
	"testing"

	"orderflow.example/services/payment/internal/store"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/httpserver/webhook"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestTheInboxForgetsWhatIsNotSentAgainAndNothingElse(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := database.Migrate(t.Context(), db, store.Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	inbox := webhook.Table{DB: db.Gorm(), About: "order_id"}
	claim := func(id string, digest byte) webhook.Known {
		known, err := inbox.Claim(t.Context(), webhook.Head{ID: id, Kind: "captured", About: "o"}, []byte{digest})
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	for i := range 12 {
		claim(fmt.Sprintf("old-%02d", i), 1)
	}
	if err := db.Gorm().Exec("UPDATE notifications SET received_at = received_at - interval '31 days'").Error; err != nil {
		t.Fatal(err)
	}
	claim("young", 1)
	if err := inbox.Close(t.Context(), "young", webhook.Recorded); err != nil {
		t.Fatal(err)
	}
	if err := inbox.Close(t.Context(), "old-11", webhook.Recorded); err != nil {
		t.Fatal(err)
	}
	// One that is old itself is kept while it is looked for.
	if known := claim("old-11", 1); !known.Same || known.Outcome != webhook.Recorded {
		t.Errorf("a repeat of what is kept: %+v", known)
	}
	if known := claim("young", 1); !known.Same || known.Outcome != webhook.Recorded {
		t.Errorf("a repeat: %+v", known)
	}
	if known := claim("young", 2); known.Same {
		t.Errorf("another one with its id: %+v", known)
	}
	if known := claim("old-00", 2); !known.Same || known.Outcome != "" {
		t.Errorf("what was forgotten is new: %+v", known)
	}
	var kept []string
	if err := db.Gorm().Raw("SELECT id FROM notifications ORDER BY id").Scan(&kept).Error; err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(kept); got != "[old-00 young]" {
		t.Errorf("kept %s", got)
	}
}
