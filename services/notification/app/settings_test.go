package app

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderflow.example/services/notification/internal/mail"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/service"
)

func TestSettingsThatCannotWorkAreRefusedBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	for value, says := range map[string]string{
		"mail.example.com": "want smtp://", "http://mail.example.com": "want smtp://", "smtp://": "want smtp://",
		"smtp://shop:secret@mail.example.com": "give it in a file", "smtp://mail.example.com/inbox": "want smtp://",
		"smtp://mail.example.com:99999": "port",
	} {
		if err := smtpURL.Check(value); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", value, err)
		}
	}
	for _, value := range []string{"", "simulated", "smtp://shop@mail.example.com", "smtps://mail.example.com:465"} {
		if err := smtpURL.Check(value); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
	if err := mailFrom.Check("nobody"); err == nil || !strings.Contains(err.Error(), "no sender") {
		t.Error(err)
	}
	if err := smtpPasswordFile.Check(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a password file that is not there")
	}
	weak := filepath.Join(t.TempDir(), "vapid.key")
	if err := os.WriteFile(weak, []byte("secret-but-no-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{weak: "no VAPID key", weak + "-gone": "no such file"} {
		err := pushKeyFile.Check(path)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret-") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, value := range []string{"shop.example.com", "ftp://shop.example.com", "https://shop.example.com/?a=b"} {
		if publicURL.Valid(value) {
			t.Errorf("%s is taken for a public address", value)
		}
	}
	if err := App.CheckAdapters(service.Config{}.With(service.Settings{"smtp-url": "simulated"})); err == nil ||
		!strings.Contains(err.Error(), "simulated world") {
		t.Errorf("the simulated server without the simulated world: %v", err)
	}
}

func TestOwnTemplatesAreRefusedWithTheNameOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, wording.Files()); err != nil {
		t.Fatal(err)
	}
	if err := templates.Check(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "de.html")); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{dir: "locale de has no usable template de.html", dir + "-gone": dir + "-gone"} {
		if err := templates.Check(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAMailServerThatCannotBeReachedIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := mail.New(mail.Server{URL: "smtp://" + addr, From: mailFrom.Default})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "the mail server "+addr+" cannot be used") {
		t.Error(err)
	}
}
