package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"orderflow.example/services/platform/world/chance"
	"orderflow.example/shared/httpserver"
)

// Webhook is the body of a notification: one scan of a parcel.
type Webhook struct {
	ID   string      `json:"id"`   // the same each time it is sent
	Type string      `json:"type"` // where the parcel is
	Data WebhookData `json:"data"`
}

// WebhookData is what a scan says.
type WebhookData struct {
	Order          string    `json:"order"`
	TrackingNumber string    `json:"tracking_number"`
	At             time.Time `json:"at"`
}

// Notices are the scans of a label, past and to come as far as is known, in order.
func (l *Label) Notices() (all []Webhook) {
	add := func(state string, at *time.Time) {
		if at == nil || l.TrackingNumber == "" {
			return
		}
		h := fnv.New64a()
		io.WriteString(h, l.Key+"\x00"+state)
		all = append(all, Webhook{ID: fmt.Sprintf("scan_%016x", chance.Mix(h.Sum64())), Type: state,
			Data: WebhookData{l.OrderID, l.TrackingNumber, *at}})
	}
	add(LabelCreated, &l.CreatedAt)
	if add(Voided, l.VoidedAt); l.VoidedAt != nil || l.CollectedAt == nil {
		return all
	}
	add(InTransit, l.CollectedAt)
	if l.Lost {
		add(Lost, l.ArrivesAt)
		return all
	}
	half := l.CollectedAt.Add(l.ArrivesAt.Sub(*l.CollectedAt) / 2)
	add(outForDelivery, &half)
	add(Delivered, l.ArrivesAt)
	return all
}

const outForDelivery = "out_for_delivery"

// Notify sends webhooks to the URL from now on. Without faults they are about what is rare: losses, and returned goods. With
// faults they are about every scan, and some of them are late, out of order, sent twice, or lost. What is not taken is not sent
// again: who needs to know asks. Call it once.
func (c *Carrier) Notify(ctx context.Context, url string, secret []byte, faults bool) {
	s := &sender{Carrier: c, url: url, secret: secret, faults: faults, slots: make(chan struct{}, 16),
		http: &http.Client{Timeout: 10 * time.Second}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	c.sender.Store(s)
}

// scan is one that happened to a label, or will.
type scan struct {
	*Label
	Webhook
}

// sender sends webhooks, several at a time.
type sender struct {
	*Carrier
	url    string
	secret []byte
	faults bool
	http   *http.Client
	slots  chan struct{}
	ctx    context.Context
	cancel func()

	mu    sync.Mutex
	tasks sync.WaitGroup
	open  int
}

// mostOpen bounds the webhooks that wait; more are lost.
const mostOpen = 20_000

// wanted tells whether the shop is notified of a scan.
func (s *sender) wanted(n scan) bool {
	return s.faults || n.Type == Lost || n.Kind == back && n.Type == Delivered
}

// plan sends scans in the background, each once it has happened, with faults perhaps late, twice or never.
func (s *sender) plan(all []scan) {
	for _, n := range all {
		if !s.wanted(n) || s.faults && s.luck.Of("scan lost", n.ID) < .1 {
			continue
		}
		times, in := 1, n.Data.At.Sub(s.now())
		if s.faults && s.luck.Of("scan twice", n.ID) < .2 {
			times = 2
		}
		if s.faults && s.luck.Of("scan late", n.ID) < .4 {
			in += s.luck.Between(0, 10*time.Second, "scan late by", n.ID)
		}
		s.mu.Lock()
		if s.ctx.Err() == nil && s.open < mostOpen {
			s.open++
			s.tasks.Go(func() { s.send(n, times, in) })
		}
		s.mu.Unlock()
	}
}

func (s *sender) stop() {
	s.mu.Lock()
	s.cancel() // nothing begins from here on
	s.mu.Unlock()
	s.tasks.Wait()
}

func (s *sender) send(n scan, times int, in time.Duration) {
	defer func() {
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}()
	timer := time.NewTimer(in)
	defer timer.Stop()
	select {
	case <-s.ctx.Done():
		return
	case <-timer.C:
	}
	happened := false // a label may have been voided since
	if s.journal.Do(func() { happened = slices.Contains(n.Label.Notices(), n.Webhook) }) != nil || !happened {
		return
	}
	body, err := json.Marshal(n.Webhook)
	if err != nil {
		panic(err) // our own body is not encodable as JSON
	}
	for range times {
		s.slots <- struct{}{}
		status, err := s.post(body)
		<-s.slots
		if err == nil && status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			s.log.Warn("simulated carrier: a webhook was refused", "webhook", n.ID, "status", status)
		}
	}
}

func (s *sender) post(body []byte) (status int, err error) {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(httpserver.SignatureHeader, httpserver.Sign(s.secret, body, time.Now()))
	response, err := s.http.Do(request)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	return response.StatusCode, response.Body.Close()
}
