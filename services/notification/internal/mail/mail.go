// Package mail hands messages to an SMTP server: over TLS unless the server is this machine, and over connections that are kept.
// It tells what the server took, what it refused for good, and what may be tried again.
package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"orderflow.example/services/notification/internal/wording"
)

// Server is where and as whom mail is handed over.
type Server struct {
	URL      string // smtp://host:587, with STARTTLS, or smtps://host:465; a user before the host
	Password string
	From     string // Shop <shop@example.com>
}

// Sender hands messages over. It is safe for concurrent use.
type Sender struct {
	client *gomail.Client
	from   *mail.Address
	name   string // host:port
	idle   chan *smtp.Client
}

// The outcomes beside which the message may be tried again.
var (
	ErrAddress = errors.New("the mail server refuses the address")
	ErrMessage = errors.New("the mail server refuses the message")
	ErrUnknown = errors.New("the connection was lost before the mail server answered")
)

const (
	kept      = 16               // connections
	dialLimit = 10 * time.Second // for each step of a connection
)

// New reads the settings. Nothing is connected.
func New(s Server) (*Sender, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("want smtp://host:587 or smtps://host:465, with user@ before the host where it wants a login")
	}
	if _, inside := u.User.Password(); inside {
		return nil, errors.New("it holds a password, which others can read: give it in a file")
	}
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("%q is no sender: want Shop <shop@example.com>", s.From)
	}
	port, options := 587, []gomail.Option{gomail.WithTimeout(dialLimit), gomail.WithTLSPolicy(gomail.TLSMandatory)}
	switch {
	case u.Scheme == "smtps":
		port, options = 465, append(options, gomail.WithSSL())
	case local(u.Hostname()):
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, fmt.Errorf("%s is no port", u.Port())
		}
	}
	if u.User != nil {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()),
			gomail.WithPassword(s.Password))
	}
	client, err := gomail.NewClient(u.Hostname(), append(options, gomail.WithPort(port))...)
	if err != nil {
		return nil, err
	}
	return &Sender{client: client, from: from, name: net.JoinHostPort(u.Hostname(), strconv.Itoa(port)),
		idle: make(chan *smtp.Client, kept)}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Reach checks that the server can be reached and takes the login.
func (s *Sender) Reach(ctx context.Context) error {
	c, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("the mail server %s cannot be used: %w", s.name, err)
	}
	return s.client.CloseWithSMTPClient(c)
}

// Letter is a message to be sent.
type Letter struct {
	ID   string // the same however often it is tried
	To   string
	At   time.Time // when it was written
	Text wording.Letter

	Unsubscribe string // the https URL of RFC 8058, of a promotion

	// Commit is called once, before the end of the message is sent: before that the server has certainly not taken it. With an error
	// it is not sent. nil does nothing.
	Commit func() error
}

// Send hands the letter over. nil: the server took it. ErrAddress, ErrMessage: it never will. ErrUnknown: it may have taken it.
// Any other error: it did not take it, and may be asked again.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	var stopped error
	if commit := l.Commit; commit != nil {
		run := sync.OnceValue(commit)
		l.Commit = func() error { stopped = run(); return stopped }
	}
	message, err := s.compose(l)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	for {
		c, fresh, err := s.connection(ctx)
		if err != nil {
			return fmt.Errorf("mail server %s: %w", s.name, err)
		}
		err = s.client.SendWithSMTPClient(c, message)
		verdict, usable := s.judge(err)
		if stopped != nil {
			verdict, usable, fresh = stopped, false, true // in the middle of a message
		}
		if usable {
			s.keep(c)
		} else {
			_ = c.Close() // without QUIT, which would end a message in its middle, and have it taken
		}
		if stale := !fresh && !usable && !errors.Is(verdict, ErrUnknown) && verdict != nil; !stale {
			return verdict
		}
	}
}

func (s *Sender) connection(ctx context.Context) (c *smtp.Client, fresh bool, err error) {
	select {
	case c := <-s.idle:
		return c, false, nil
	default:
		c, err = s.client.DialToSMTPClientWithContext(ctx)
		return c, true, err
	}
}

func (s *Sender) keep(c *smtp.Client) {
	select {
	case s.idle <- c:
	default:
		_ = s.client.CloseWithSMTPClient(c)
	}
}

// judge tells what became of a message, and whether its connection can be used further. Errors hold no address.
func (s *Sender) judge(err error) (verdict error, usable bool) {
	var failed *gomail.SendError
	if err == nil {
		return nil, true
	}
	if !errors.As(err, &failed) {
		return fmt.Errorf("mail server %s: the connection failed", s.name), false
	}
	code, at := failed.ErrorCode(), failed.Reason
	answered := fmt.Sprintf("%d %s", code, failed.EnhancedStatusCode())
	switch {
	case at == gomail.ErrSMTPReset:
		return nil, false // after the message was taken
	case code == 0 && at == gomail.ErrSMTPDataClose:
		return ErrUnknown, false
	case at == gomail.ErrSMTPRcptTo && noSuchAddress(code, failed.EnhancedStatusCode()):
		return fmt.Errorf("%w: %s", ErrAddress, answered), true
	case code >= 500:
		return fmt.Errorf("%w: %s", ErrMessage, answered), true
	case code >= 400:
		return fmt.Errorf("mail server %s answers %s", s.name, answered), code != 421
	}
	return fmt.Errorf("mail server %s: the connection was lost: %s", s.name, at), false
}

// noSuchAddress tells whether the address itself is wrong, or its mailbox is closed (RFC 3463). A mailbox that is full, a message
// that is too large, and what a policy refuses concern this message alone.
func noSuchAddress(code int, enhanced string) bool {
	if enhanced == "" {
		return code == 550 || code == 551 || code == 553
	}
	return strings.HasPrefix(enhanced, "5.1.") || enhanced == "5.2.1"
}

func (s *Sender) compose(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	m.FromMailAddress(s.from)
	if err := m.To(l.To); err != nil {
		return nil, errors.New("the address cannot be written to")
	}
	_, host, _ := strings.Cut(s.from.Address, "@")
	m.SetMessageIDWithValue(l.ID + "@" + host)
	m.SetDateWithValue(l.At)
	m.Subject(l.Text.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no program answers it
	if l.Unsubscribe != "" {
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+l.Unsubscribe+">")
		m.SetListUnsubscribePost()
		m.SetGenHeader("Precedence", "bulk")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text.Text)
	m.AddAlternativeWriter(gomail.TypeTextHTML, func(w io.Writer) (int64, error) {
		n, err := io.WriteString(w, l.Text.HTML)
		if err == nil && l.Commit != nil {
			err = l.Commit()
		}
		return int64(n), err
	})
	return m, nil
}
