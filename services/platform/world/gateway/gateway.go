// Package gateway simulates the payment gateway: it authorises, captures, voids and refunds, and records each in a book,
// which is the outside witness for money. The special tokens are listed in package world.
//
// It knows nothing about orders but their ids, and nothing about its clients.
package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/chance"
	"orderflow.example/services/platform/world/journal"
	"orderflow.example/shared/database"
)

// Gateway simulates the gateway.
type Gateway struct {
	luck    chance.Chance
	now     func() time.Time
	book    book
	log     *slog.Logger
	stumble map[string]bool // references whose first refund failed since the start
	journal *journal.Journal
	db      *database.DB

	stop  context.CancelFunc
	tasks sync.WaitGroup
}

// Open takes over the gateway of this database, with its book.
func Open(ctx context.Context, db *database.DB, luck chance.Chance, now func() time.Time, log *slog.Logger) (*Gateway, error) {
	g := &Gateway{luck: luck, now: now, log: log, db: db, stumble: map[string]bool{}, book: book{luck: luck}}
	var err error
	if g.journal, err = journal.Open(ctx, db, "gateway", &g.book, log); err != nil {
		return nil, err
	}
	ctx, g.stop = context.WithCancel(context.WithoutCancel(ctx))
	g.tasks.Go(func() { g.actByItself(ctx) })
	return g, nil
}

// Close ends it; all its answers are durable.
func (g *Gateway) Close() {
	g.stop()
	g.tasks.Wait()
	g.journal.Close()
}

// Routes adds the operations to mux.
func (g *Gateway) Routes(mux *http.ServeMux) {
	for _, o := range operations {
		mux.HandleFunc("POST /v1/"+o.name, answer.Handle(func(r *http.Request) answer.Reply { return g.ask(r, o) }))
		mux.HandleFunc("GET /v1/"+o.name+"/{key}", answer.Handle(func(r *http.Request) answer.Reply { return g.inquire(r, o) }))
	}
	mux.HandleFunc("GET /v1/cards/{token}", answer.Handle(card))
	mux.HandleFunc("GET /v1/settlements/{day}", g.settle)
}

// card tells the fingerprint of a token's card.
func card(r *http.Request) answer.Reply {
	return answer.Reply{Status: http.StatusOK, Body: Card{Fingerprint: CardOf(r.PathValue("token"))}}
}

// Card is the body of the response about a token's card.
type Card struct {
	Fingerprint string `json:"fingerprint"` // the same for all tokens of a card; "" where none is known
}

// Witness adds the route of the book to mux.
func (g *Gateway) Witness(mux *http.ServeMux) { mux.HandleFunc("GET /book", answer.Handle(g.read)) }

// Done is the body of a response to a request that succeeded.
type Done struct {
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`             // minor units
	Captures  int64  `json:"captures,omitempty"` // 1 where several were asked for, and there can be only one
}

func (g *Gateway) ask(r *http.Request, o operation) (reply answer.Reply) {
	key, err := answer.Key(r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	q, fingerprint, err := answer.Read[Request](r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	if q.Order == "" || !o.valid(q) {
		return answer.Invalid("required: order, " + o.needs)
	}
	var first bool
	if g.journal.Do(func() { reply, first = g.decide(o, key, fingerprint, q) }) != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	return g.late(o, q, reply, first)
}

// late delays the reply to an authorisation, or loses it, if the token says so.
func (g *Gateway) late(o operation, q Request, reply answer.Reply, first bool) answer.Reply {
	if o.done == Authorized && reply.Status == http.StatusOK {
		switch q.Token {
		case tokenTimeout:
			reply.HangUp = first
			if first {
				reply.After = g.luck.Scaled(time.Second)
			}
		case tokenSlow:
			reply.After = g.luck.Scaled(2 * time.Second)
		}
	}
	return reply
}

// decide answers, and reports whether this is the first request with the key.
func (g *Gateway) decide(o operation, key, fingerprint string, q Request) (reply answer.Reply, first bool) {
	if i, known := g.book.byKey[key]; known {
		if g.book.entries[i].Fingerprint != fingerprint {
			return answer.Refuse(http.StatusUnprocessableEntity, "idempotency_key_reused"), false
		}
		return told(g.book.entries[i], o), false
	}
	entries := o.decide(&g.book, key, q)
	if entries[0].Kind == Refunded && g.stumbles(q.Reference) {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again"), false
	}
	at := g.moment()
	entries[0].Key, entries[0].Fingerprint = key, fingerprint
	g.book.enter(at, entries...)
	return told(entries[0], o), true
}

// stumbles reports whether this is the refund that fails once.
func (g *Gateway) stumbles(reference string) bool {
	h := g.book.byReference[reference]
	if h.token != tokenRefundFailsOnce || h.refunded > 0 || g.stumble[reference] {
		return false
	}
	g.stumble[reference] = true
	return true
}

func (g *Gateway) inquire(r *http.Request, o operation) (reply answer.Reply) {
	key := r.PathValue("key")
	err := g.journal.Do(func() {
		reply = answer.Refuse(http.StatusNotFound, "unknown_key")
		if i, known := g.book.byKey[key]; known {
			if e := g.book.entries[i]; e.Kind == o.done || e.Kind == o.not {
				reply = told(e, o)
			}
		}
	})
	if err != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	return reply
}

// told is the response that an entry stands for.
func told(e Entry, o operation) answer.Reply {
	if e.Kind == o.done {
		done := Done{Reference: e.Reference, Amount: e.Amount}
		if e.IsOnce() {
			done.Captures = 1
		}
		return answer.Reply{Status: http.StatusOK, Body: done}
	}
	return answer.Refuse(http.StatusPaymentRequired, e.Code)
}

// Page is one page of the book.
type Page struct {
	Items []Entry `json:"items"`
	Next  string  `json:"next_cursor,omitempty"` // absent at the end of the book
}

func (g *Gateway) read(r *http.Request) answer.Reply {
	limit, after := 100, int64(0)
	query := r.URL.Query()
	if s := query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return answer.Invalid("limit must be a number from 1 to 1000")
		}
		limit = n
	}
	if s := query.Get("cursor"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return answer.Invalid("cursor must be a next_cursor of an earlier page")
		}
		after = n
	}
	var page Page
	if g.journal.Do(func() { page.Items = g.book.read(query.Get("order"), after, limit+1) }) != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = strconv.FormatInt(page.Items[limit-1].Seq, 10)
	}
	return answer.Reply{Status: http.StatusOK, Body: page}
}
