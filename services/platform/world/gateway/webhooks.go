package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"orderflow.example/services/platform/world/chance"
	"orderflow.example/shared/httpserver"
)

// Webhook is the body of a notification. It is sent again until it is answered with 2xx.
type Webhook struct {
	ID      string `json:"id"`      // the same each time it is sent
	Type    string `json:"type"`    // the keys of notices
	Created int64  `json:"created"` // seconds since 1970
	Data    struct {
		Order     string `json:"order"`
		Attempt   string `json:"attempt,omitempty"`   // the idempotency key of the authorisation
		Reference string `json:"reference,omitempty"` // the authorisation
		Amount    int64  `json:"amount"`              // minor units
		Currency  string `json:"currency,omitempty"`
		Reason    string `json:"reason,omitempty"`
		Refund    string `json:"refund,omitempty"` // its idempotency key
		Dispute   string `json:"dispute,omitempty"`
		Fee       int64  `json:"fee,omitempty"` // of a dispute
		Card      string `json:"card,omitempty"`
		Capture   string `json:"capture,omitempty"`  // its idempotency key
		Captures  int64  `json:"captures,omitempty"` // 1 where several were asked for, and there can be only one
	} `json:"data"`
}

// notices are the types of webhooks by the kind of entry. The other kinds are not notified of.
var notices = map[Kind]string{
	Authorized: "authorized", Declined: "declined", Captured: "captured", CaptureRefused: "capture_failed", Voided: "voided",
	Refunded: "refunded", RefundRefused: "refund_failed", RefundReversed: "refund_reversed",
	ChargedBack: "dispute_opened", ChargebackReversed: "dispute_won", DisputeLost: "dispute_lost",
}

// reasons are what the gateway gives for what it does by itself.
var reasons = map[Kind]string{RefundReversed: "card_closed", ChargedBack: "fraudulent", ChargebackReversed: "fraudulent",
	DisputeLost: "fraudulent"}

// Notice is the webhook about an entry; none about the rest that a capture releases.
func Notice(e Entry) (w Webhook, is bool) {
	kind, is := notices[e.Kind]
	if !is || e.Kind == Voided && e.Key == "" {
		return w, false
	}
	w.ID, w.Type, w.Created = fmt.Sprintf("evt_%016x", chance.Mix(uint64(e.Seq)<<8)), kind, e.At.Unix()
	d := &w.Data
	d.Order, d.Attempt, d.Reference, d.Amount, d.Currency, d.Fee, d.Card = e.Order, e.Attempt, e.Reference, e.Amount, e.Currency,
		e.Fee, e.Card
	d.Reason = e.Code
	if own, given := reasons[e.Kind]; given {
		d.Reason = own
	}
	switch e.Kind {
	case Authorized:
		if e.IsOnce() {
			d.Captures = 1
		}
	case Captured, CaptureRefused:
		d.Capture = e.Key
	case Refunded, RefundRefused:
		d.Refund = e.Key
	case RefundReversed:
		d.Refund = e.About
	case ChargedBack, ChargebackReversed, DisputeLost:
		d.Dispute = e.About
	}
	return w, true
}

// Form is how webhooks are written.
type Form struct {
	Header string                                                       // of the signature
	Write  func(e Entry, before []Entry) (id string, body any, is bool) // before are the earlier ones about its authorisation
}

// Own is the gateway's own form.
var Own = Form{httpserver.SignatureHeader, func(e Entry, _ []Entry) (string, any, bool) {
	w, is := Notice(e)
	return w.ID, w, is
}}

// Notify sends webhooks to the URL from now on, also about what happened before and was not notified of. Without faults they are
// about what no answer tells: disputes, refunds that did not arrive, and requests whose answer is late or lost. With faults they
// are about everything, and some of them are late, out of order, or sent twice.
func (g *Gateway) Notify(ctx context.Context, url string, secret []byte, faults bool, form Form) {
	s := &sender{Gateway: g, url: url, secret: secret, faults: faults, form: form,
		open: map[int64]bool{}, slots: make(chan struct{}, 16),
		http: &http.Client{Timeout: 10 * time.Second}}
	ctx, cancel := context.WithCancel(ctx)
	stop := g.stop
	g.stop = func() { cancel(); stop() }
	g.tasks.Go(func() { s.run(ctx) })
}

// sender sends webhooks, several at a time.
type sender struct {
	*Gateway
	url    string
	secret []byte
	faults bool
	form   Form
	http   *http.Client
	slots  chan struct{}
	tasks  sync.WaitGroup

	mu   sync.Mutex
	read int64          // up to which the book was read
	open map[int64]bool // entries that are not notified of
}

// entriesAtOnce is how many entries are read at once.
const entriesAtOnce = 500

func (s *sender) run(ctx context.Context) {
	defer s.tasks.Wait()
	db := s.db.Gorm().WithContext(ctx)
	tick := time.NewTicker(min(max(s.luck.Scaled(200*time.Millisecond), 5*time.Millisecond), 200*time.Millisecond))
	defer tick.Stop()
	saved := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if saved < 0 {
			if err := db.Raw("SELECT coalesce(max(seq), 0) FROM gateway_webhooks").Scan(&saved).Error; err != nil {
				continue
			}
			s.read = saved
		}
		if s.isBehind() {
			continue
		}
		type notice struct {
			id   string
			body any
			is   bool
		}
		var entries []Entry
		var written []notice
		if s.journal.Do(func() {
			entries = s.book.read("", s.read, entriesAtOnce)
			written = make([]notice, len(entries))
			for i, e := range entries {
				if n := &written[i]; s.wanted(e) {
					n.id, n.body, n.is = s.form.Write(e, s.book.before(e))
				}
			}
		}) != nil {
			continue
		}
		for i, e := range entries {
			s.read = e.Seq
			if n := written[i]; n.is {
				s.send(ctx, e, n.id, n.body)
			}
		}
		if done := s.done(); done > saved && db.Exec(`INSERT INTO gateway_webhooks (receiver, seq) VALUES ('shop', ?)
			ON CONFLICT (receiver) DO UPDATE SET seq = EXCLUDED.seq`, done).Error == nil {
			saved = done
		}
	}
}

// wanted tells whether the shop is notified of an entry.
func (s *sender) wanted(e Entry) bool {
	return s.faults || e.isOwn() || e.Kind == Authorized && (e.Token == tokenSlow || e.Token == tokenTimeout)
}

// mostOpen bounds the webhooks that wait to be taken.
const mostOpen = 5000

func (s *sender) isBehind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) > mostOpen
}

// done is the entry up to which the shop was notified of everything.
func (s *sender) done() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := s.read
	for seq := range s.open {
		done = min(done, seq-1)
	}
	return done
}

// send sends a webhook in the background, with faults perhaps late and twice.
func (s *sender) send(ctx context.Context, e Entry, id string, of any) {
	body, err := json.Marshal(of)
	if err != nil {
		panic(err) // our own body is not encodable as JSON
	}
	times, late := 1, time.Duration(0)
	if seq := strconv.FormatInt(e.Seq, 10); s.faults {
		if s.luck.Of("webhook twice", seq) < .2 {
			times = 2
		}
		if s.luck.Of("webhook late", seq) < .3 {
			late = s.luck.Between(0, 10*time.Second, "webhook", seq)
		}
	}
	s.mu.Lock()
	s.open[e.Seq] = true
	s.mu.Unlock()
	s.tasks.Go(func() {
		if !pause(ctx, late) {
			return
		}
		for range times {
			s.deliver(ctx, id, body)
		}
		if ctx.Err() == nil {
			s.mu.Lock()
			delete(s.open, e.Seq)
			s.mu.Unlock()
		}
	})
}

// deliver sends a webhook until it is taken.
func (s *sender) deliver(ctx context.Context, id string, body []byte) {
	for wait := 100 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 10*time.Second) {
		s.slots <- struct{}{}
		status, err := s.post(ctx, body)
		<-s.slots
		switch {
		case err == nil && status < 300:
			return
		case err == nil && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
			s.log.Warn("simulated gateway: a webhook was refused, it is not sent again", "webhook", id, "status", status)
			return
		}
		pause(ctx, s.luck.Scaled(wait))
	}
}

func (s *sender) post(ctx context.Context, body []byte) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(s.form.Header, httpserver.Sign(s.secret, body, time.Now()))
	response, err := s.http.Do(request)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	return response.StatusCode, response.Body.Close()
}

// pause returns false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
