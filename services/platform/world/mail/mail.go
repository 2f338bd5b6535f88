// Package mail simulates the mail server of the customers' provider: it takes messages over SMTP, keeps what it was sent, and
// refuses as real ones do. Without faults it refuses only addresses that begin with bounce. With faults it also asks to come back
// later (greylisting, by its sender and recipient), answers 451 to some messages, and hangs up after some that it took.
package mail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"orderflow.example/services/platform/world/chance"
	"orderflow.example/shared/database"
)

// The shares of what goes wrong with faults.
const (
	greylisted = 0.10 // of recipients, at their first message
	deferred   = 0.03 // of messages, at their first try
	silenced   = 0.02 // of messages: taken, and the connection is dropped
)

// greylist is how long a greylisted recipient is not written to.
const greylist = 2 * time.Second

// Message is a message that was taken.
type Message struct {
	Seq       int64     `json:"seq" gorm:"primaryKey;autoIncrement:false"`
	At        time.Time `json:"at"`
	Sender    string    `json:"from"`
	Recipient string    `json:"to"`
	MessageID string    `json:"message_id"` // of its header, without brackets
	Content   string    `json:"content"`    // as sent, header and body
}

// TableName names the table for gorm.
func (Message) TableName() string { return "mails" }

// Server is the mail server.
type Server struct {
	db     *database.DB
	luck   chance.Chance
	faults bool
	now    func() time.Time
	log    *slog.Logger
	smtp   *smtp.Server

	mu    sync.Mutex
	grey  map[string]time.Time // since when
	tried map[string]int       // messages that were deferred
}

const (
	maxMessage = 1 << 20
	idle       = 5 * time.Minute
)

// New returns a server that does not listen yet.
func New(db *database.DB, luck chance.Chance, faults bool, now func() time.Time, log *slog.Logger) *Server {
	s := &Server{db: db, luck: luck, faults: faults, now: now, log: log, grey: map[string]time.Time{}, tried: map[string]int{}}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{Server: s, conn: c}, nil }))
	s.smtp.Domain, s.smtp.MaxMessageBytes, s.smtp.MaxRecipients = "mail.example.com", maxMessage, 1
	s.smtp.ReadTimeout, s.smtp.WriteTimeout, s.smtp.EnableSMTPUTF8 = idle, idle, true
	s.smtp.ErrorLog = quiet{}
	return s
}

// quiet logs nothing: clients hang up, and so does the server.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Listen serves SMTP at the address, host:port, until Close, and returns the URL that clients are given.
func (s *Server) Listen(addr string) (url string, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	go func() {
		if err := s.smtp.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			s.log.Error("the simulated mail server has stopped", "err", err)
		}
	}()
	return "smtp://" + l.Addr().String(), nil
}

// Close ends the server and its connections.
func (s *Server) Close() { _ = s.smtp.Close() }

// session is one connection.
type session struct {
	*Server
	conn     *smtp.Conn
	from, to string
}

func (s *session) Reset()        { s.from, s.to = "", "" }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "bounce"):
		return refuse(550, 5, 1, 1, "no such mailbox")
	case s.faults && s.isGrey(s.from+" "+to):
		return refuse(451, 4, 7, 1, "greylisted, please come back later")
	}
	s.to = to
	return nil
}

func refuse(code, a, b, c int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: text}
}

func (s *Server) isGrey(pair string) bool {
	if s.luck.Of("greylist", pair) >= greylisted {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	since, known := s.grey[pair]
	if !known {
		since = s.now()
		s.grey[pair] = since
	}
	return s.now().Sub(since) < s.luck.Scaled(greylist)
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	id := messageID(string(content))
	luck := s.luck.Of("mail", id)
	if s.faults && luck < deferred && s.first(id) {
		return refuse(451, 4, 3, 0, "too busy, please come back later")
	}
	if err := s.keep(Message{At: s.now().UTC(), Sender: s.from, Recipient: s.to, MessageID: id, Content: string(content)}); err != nil {
		s.log.Error("the simulated mail server could not keep a message", "err", err)
		return refuse(451, 4, 3, 0, "local error")
	}
	if s.faults && luck >= deferred && luck < deferred+silenced {
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *Server) first(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried[id]++
	return s.tried[id] == 1
}

func (s *Server) keep(m Message) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.db.Gorm().WithContext(ctx).Exec(`INSERT INTO mails (at, sender, recipient, message_id, content) VALUES (?, ?, ?, ?, ?)`,
		m.At, m.Sender, m.Recipient, m.MessageID, m.Content).Error
}

// messageID reads it out of the header.
func messageID(content string) string {
	for line := range strings.SplitSeq(content, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if line == "" {
			break
		}
		if strings.EqualFold(name, "Message-ID") {
			return strings.Trim(strings.TrimSpace(value), "<>")
		}
	}
	return ""
}

// Taken reads at most limit messages after this one, in order; only those to the recipient, if one is given.
func Taken(ctx context.Context, db *database.DB, after int64, recipient string, limit int) ([]Message, error) {
	return database.NewTable[Message]().Select(db.Gorm().WithContext(ctx),
		"WHERE seq > $1 AND ($2 = '' OR recipient = $2) ORDER BY seq LIMIT "+strconv.Itoa(limit), after, recipient)
}
