package mail

import (
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"orderflow.example/services/notification/internal/wording"
)

// server refuses recipients as its answers say, by their names, and keeps what it took.
type server struct {
	answers map[string]*smtp.SMTPError
	mu      sync.Mutex
	taken   []string
}

type session struct {
	*server
	to string
}

func (s *session) Reset()                               { s.to = "" }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to, _, _ = strings.Cut(to, "@")
	if refusal := s.answers[s.to]; refusal != nil {
		return refusal
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, string(content))
	return nil
}

func open(t *testing.T, s *server) *Sender {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	serving.Domain, serving.ErrorLog = "mail.example.com", log.New(io.Discard, "", 0)
	go func() { _ = serving.Serve(listener) }()
	t.Cleanup(func() { serving.Close() })
	sender, err := New(Server{URL: "smtp://" + listener.Addr().String(), From: "Shop <shop@example.com>"})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func letter(to string) Letter {
	return Letter{ID: "id-1", To: to + "@example.com", At: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC),
		Text: wording.Letter{Subject: "Hello", Text: "Hello.", HTML: "<p>Hello.</p>"}}
}

func TestOnlyAnAddressThatIsWrongOrClosedIsRefusedForGood(t *testing.T) {
	t.Parallel()
	refuse := func(code, a, b, c int) *smtp.SMTPError {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "no"}
	}
	plain := func(code int) *smtp.SMTPError {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}
	}
	again := errors.New("again")
	s := &server{answers: map[string]*smtp.SMTPError{}}
	for to, c := range map[string]struct {
		answer *smtp.SMTPError
		want   error
	}{
		"unknown": {refuse(550, 5, 1, 1), ErrAddress}, "moved": {refuse(551, 5, 1, 6), ErrAddress},
		"disabled": {refuse(550, 5, 2, 1), ErrAddress}, "plain550": {plain(550), ErrAddress}, "plain553": {plain(553), ErrAddress},
		"full": {refuse(552, 5, 2, 2), ErrMessage}, "full550": {refuse(550, 5, 2, 2), ErrMessage},
		"large": {refuse(552, 5, 2, 3), ErrMessage}, "policy": {refuse(550, 5, 7, 1), ErrMessage},
		"system": {refuse(554, 5, 3, 0), ErrMessage}, "plain552": {plain(552), ErrMessage}, "plain554": {plain(554), ErrMessage},
		"grey": {refuse(451, 4, 7, 1), again}, "busy": {plain(450), again},
	} {
		s.answers[to] = c.answer
		sender := open(t, s)
		err := sender.Send(t.Context(), letter(to))
		switch {
		case c.want == again && (err == nil || errors.Is(err, ErrAddress) || errors.Is(err, ErrMessage) || errors.Is(err, ErrUnknown)):
			t.Errorf("%s: %v, not to be tried again", to, err)
		case c.want != again && !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", to, err, c.want)
		case strings.Contains(err.Error(), "@"):
			t.Errorf("%s: the error holds the address: %v", to, err)
		}
	}
}

func TestALetterIsCommittedOnceBeforeTheServerHasTakenIt(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := open(t, s)
	l, commits := letter("ann"), 0
	l.Commit = func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if commits++; len(s.taken) > 0 {
			t.Error("the server took it before the commit")
		}
		return nil
	}
	l.Unsubscribe = "https://shop.example.com/v1/unsubscribe?token=x"
	if err := sender.Send(t.Context(), l); err != nil || commits != 1 || len(s.taken) != 1 {
		t.Fatalf("%v, %d commits, %d taken", err, commits, len(s.taken))
	}
	for _, line := range []string{"Message-ID: <id-1@example.com>", "List-Unsubscribe: <" + l.Unsubscribe + ">",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(s.taken[0], line+"\r\n") {
			t.Errorf("%s is missing in\n%s", line, s.taken[0])
		}
	}
	done := errors.New("it was sent before")
	l.Commit = func() error { return done }
	if err := sender.Send(t.Context(), l); !errors.Is(err, done) || len(s.taken) != 1 {
		t.Errorf("%v, %d taken", err, len(s.taken))
	}
}
