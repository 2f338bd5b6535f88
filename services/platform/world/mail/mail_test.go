package mail_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/world"
	"orderflow.example/services/platform/world/chance"
	"orderflow.example/services/platform/world/mail"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// listen starts a server and returns its address.
func listen(t *testing.T, faults bool, now func() time.Time) (*database.DB, string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, world.Migrations, "world_migrations"); err != nil {
		t.Fatal(err)
	}
	s := mail.New(db, chance.Chance{Speed: 1}, faults, now, slog.New(slog.DiscardHandler))
	t.Cleanup(s.Close)
	url, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return db, strings.TrimPrefix(url, "smtp://")
}

func send(addr, to, id string) error {
	return smtp.SendMail(addr, nil, "shop@example.com", []string{to},
		fmt.Appendf(nil, "Message-ID: <%s@example.com>\r\n\r\nHello.\r\n", id))
}

func code(err error) int {
	var answered *textproto.Error
	if errors.As(err, &answered) {
		return answered.Code
	}
	return 0
}

func TestTheMailServerKeepsWhatItTookAndRefusesAddressesThatBounce(t *testing.T) {
	t.Parallel()
	db, addr := listen(t, false, time.Now)
	for i := range 3 {
		if err := send(addr, fmt.Sprintf("ann%d@example.com", i%2), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(addr, "bounce-1@example.com", "3"); code(err) != 550 {
		t.Errorf("a bouncing address: %v", err)
	}
	all, err := mail.Taken(t.Context(), db, 0, "", 10)
	if err != nil || len(all) != 3 || all[2].MessageID != "2@example.com" || !strings.Contains(all[0].Content, "Hello.") {
		t.Errorf("%+v %v", all, err)
	}
	of, err := mail.Taken(t.Context(), db, all[0].Seq, "ann0@example.com", 10)
	if err != nil || len(of) != 1 || of[0].MessageID != "2@example.com" {
		t.Errorf("%+v %v", of, err)
	}
}

func TestWithFaultsTheMailServerTakesEveryMessageInTheEndAndSaysSoMostly(t *testing.T) {
	t.Parallel()
	late := time.Duration(0)
	db, addr := listen(t, true, func() time.Time { return time.Now().Add(late) })
	refused, silent := 0, 0
	const messages = 150
	for pass := range 3 { // greylisted, deferred, taken
		late += time.Duration(pass) * time.Hour
		for i := range messages {
			if pass > 0 {
				if taken, err := mail.Taken(t.Context(), db, 0, fmt.Sprintf("c%d@example.com", i), 1); err != nil || len(taken) > 0 {
					continue
				}
			}
			switch err := send(addr, fmt.Sprintf("c%d@example.com", i), fmt.Sprint(i)); {
			case code(err) == 451:
				refused++
			case err != nil:
				silent++
			}
		}
	}
	all, err := mail.Taken(t.Context(), db, 0, "", 1000)
	if err != nil || len(all) != messages || refused == 0 || silent == 0 {
		t.Errorf("%d taken, %d asked to come back, %d without an answer, %v", len(all), refused, silent, err)
	}
}
