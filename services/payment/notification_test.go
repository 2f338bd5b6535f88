package payment_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// said is something that the gateway says about an order: the answer to an event, or a notification.
type said struct {
	answer any // nil for a notification
	to     saga.Event
	notice payment.Notification
}

// life is one order's payment, and what the gateway has done about it and not said yet.
type life struct {
	t       *testing.T
	machine *saga.Machine
	state   any
	luck    *rand.Rand
	plain   bool // each is said once, in order, the answer first
	numbers map[string]int
	open    []said
	moved   schemas.Money
	notices int
	early   int
}

func (l *life) stamp(e *saga.Event) {
	l.numbers[e.Type]++
	e.ID = fmt.Sprintf("%s#%d", e.Type, l.numbers[e.Type])
}

// do runs one input, and lets the gateway act on what is asked for.
func (l *life) do(step saga.Step, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	l.state = step.State
	for _, e := range step.Asks {
		l.act(e)
	}
}

// act lets the gateway do what is asked for: it tells that once as the answer, and by a webhook, up to three times.
func (l *life) act(e saga.Event) {
	n, answer := payment.Notification{Order: "o", Amount: l.moved}, any(nil)
	switch d := e.Data.(type) {
	case event.AuthorizationRequestedV1:
		n.Kind, n.Attempt, n.Reference = payment.NoticeAuthorized, e.ID, "au"
		answer = payment.AuthorizeAnswer{Reference: "au"}
	case event.CaptureRequestedV1:
		n.Kind, n.Reference = payment.NoticeCaptured, d.Reference
		answer = payment.CaptureAnswer{}
	case event.VoidRequestedV1:
		n.Kind, n.Attempt = payment.NoticeVoided, d.Attempt
		answer = payment.VoidAnswer{Amount: d.Amount.Amount}
	}
	l.say(said{answer: answer, to: e})
	l.say(said{notice: n})
	if n.Kind == payment.NoticeCaptured { // later: a dispute and its end, and a refund that comes back
		for _, kind := range []payment.Notice{payment.NoticeDisputeOpened, payment.NoticeDisputeWon, payment.NoticeRefundReversed} {
			n.Kind, n.DisputeID, n.RefundID, n.Reason = kind, "dp", "r1", "fraudulent"
			l.say(said{notice: n})
		}
	}
}

func (l *life) say(s said) {
	times := 1
	if s.answer == nil {
		if !l.plain {
			times += l.luck.IntN(3)
		}
		l.notices += times
	}
	for range times {
		l.open = append(l.open, s)
	}
}

// run says everything, in any order unless plain.
func (l *life) run() {
	for len(l.open) > 0 {
		i := 0
		if !l.plain {
			i = l.luck.IntN(len(l.open))
		}
		s := l.open[i]
		l.open = append(l.open[:i:i], l.open[i+1:]...)
		if s.answer != nil {
			l.do(l.machine.Answer(l.state, s.to, s.answer, l.stamp))
			continue
		}
		for _, other := range l.open {
			if other.answer != nil {
				l.early++
				break
			}
		}
		l.do(l.machine.Hear(l.state, saga.Event{Type: payment.RecordNotification.Name(), Key: "o", Data: s.notice}, l.stamp))
	}
}

// begin hears what leads to an order's payment, and then that its parcel is packed, or that it is cancelled.
func (l *life) begin(isCancelled bool) {
	for _, e := range []saga.Event{validated, reserved, cleared} {
		l.do(l.machine.Hear(l.state, e, l.stamp))
	}
	l.run()
	last := packed
	if isCancelled {
		last = cancelled
	}
	l.do(l.machine.Hear(l.state, last, l.stamp))
	l.run()
}

func TestTenThousandWebhooksInAnyOrderLeadToTheSameStateAsOnceInOrder(t *testing.T) {
	t.Parallel()
	notices, early := 0, 0
	for seed := uint64(0); notices < 10_000; seed++ {
		live := func(plain bool) *life {
			l := &life{t: t, machine: machine, state: machine.Blank("o"), luck: rand.New(rand.NewPCG(seed, 1)), plain: plain,
				numbers: map[string]int{}, moved: pounds(700)}
			l.begin(seed%5 == 0)
			return l
		}
		once, often := live(true), live(false)
		if !reflect.DeepEqual(once.state, often.state) || !reflect.DeepEqual(once.numbers, often.numbers) {
			t.Fatalf("seed %d: once and in order\n%+v %v\nshuffled and repeated\n%+v %v", seed, once.state, once.numbers, often.state,
				often.numbers)
		}
		notices, early = notices+often.notices, early+often.early
	}
	if early < notices/10 {
		t.Errorf("only %d of %d webhooks came before the answer", early, notices)
	}
	t.Logf("%d webhooks, %d before the answer of the call", notices, early)
}

func TestANotificationThatDoesNotFitChangesNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	captured := event.Captured.Of(event.CapturedV1{Reference: "auth_1", Amount: pounds(700)})
	opened := payment.Notification{Kind: payment.NoticeDisputeOpened, Order: "o", Reference: "auth_1", DisputeID: "dp",
		Amount: pounds(700)}
	with := func(change func(*payment.Notification)) payment.Notification {
		n := opened
		change(&n)
		return n
	}
	history := []saga.Event{requested, authorized, capturing, captured}
	chargedBack := event.ChargedBack.Of(event.ChargedBackV1{DisputeID: "dp", Reference: "auth_1", Amount: pounds(700)})
	for _, c := range []struct {
		name    string
		history []saga.Event
		n       payment.Notification
		why     string
	}{
		{"an unknown order", nil, opened, payment.IgnoredUnknownOrder},
		{"an unknown type", history, with(func(n *payment.Notification) { n.Kind = "customer.updated" }), payment.IgnoredUnknownType},
		{"another payment", history, with(func(n *payment.Notification) { n.Reference = "auth_2" }), payment.IgnoredOtherReference},
		{"no payment", history, with(func(n *payment.Notification) { n.Reference = "" }), payment.IgnoredOtherReference},
		{"no dispute", history, with(func(n *payment.Notification) { n.DisputeID = "" }), payment.IgnoredOtherReference},
		{"no refund that came back", history, with(func(n *payment.Notification) { n.Kind = payment.NoticeRefundReversed }),
			payment.IgnoredOtherReference},
		{"another currency", history, with(func(n *payment.Notification) { n.Amount.Currency = "EUR" }), payment.IgnoredOtherCurrency},
		{"more than was taken", history, with(func(n *payment.Notification) { n.Amount.Amount = 701 }), payment.IgnoredOtherAmount},
		{"nothing", history, with(func(n *payment.Notification) { n.Amount.Amount = 0 }), payment.IgnoredOtherAmount},
		{"less than nothing", history, with(func(n *payment.Notification) { n.Amount.Amount = -700 }), payment.IgnoredOtherAmount},
		{"before anything was taken", history[:2], opened, payment.IgnoredOtherAmount},
		{"another amount captured", history[:3], with(func(n *payment.Notification) {
			n.Kind, n.Amount.Amount = payment.NoticeCaptured, 699
		}), payment.IgnoredOtherAmount},
		{"another amount authorised", history[:1], with(func(n *payment.Notification) {
			n.Kind, n.Attempt, n.Amount.Amount = payment.NoticeAuthorized, "event-1", 699
		}), payment.IgnoredOtherAmount},
		{"another dispute of what was charged back", append(history[:4:4], chargedBack), with(func(n *payment.Notification) {
			n.DisputeID, n.Amount.Amount = "dp2", 1
		}), payment.IgnoredOtherAmount},
		{"the end of a dispute about another amount", append(history[:4:4], chargedBack), with(func(n *payment.Notification) {
			n.Kind, n.Amount.Amount = payment.NoticeDisputeWon, 699
		}), payment.IgnoredOtherAmount},
		{"more voided than was authorised", append(history[:2:2], voiding), with(func(n *payment.Notification) {
			n.Kind, n.Attempt, n.Amount.Amount = payment.NoticeVoided, "event-1", 701
		}), payment.IgnoredOtherAmount},
		{"a refund that its own call tells of", history, with(func(n *payment.Notification) { n.Kind = payment.NoticeRefunded }),
			payment.IgnoredNoted},
	} {
		d := sagatest.Given(t, machine, c.history...).When(payment.RecordNotification.Of(c.n)).Then()
		if why := payment.Ignored(d.State().(payment.Payment), c.n); why != c.why {
			t.Errorf("%s: ignored for %q, want %q", c.name, why, c.why)
		}
	}
}

func TestTheEndOfADisputeImpliesItsBeginning(t *testing.T) {
	t.Parallel()
	captured := event.Captured.Of(event.CapturedV1{Reference: "auth_1", Amount: pounds(700)})
	of := func(kind payment.Notice) saga.Event {
		return payment.RecordNotification.Of(payment.Notification{Kind: kind, Reference: "auth_1", DisputeID: "dp",
			Amount: pounds(700)})
	}
	d := sagatest.Given(t, machine, requested, authorized, capturing, captured).
		When(of(payment.NoticeDisputeLost)).ThenKinds(event.ChargedBack, event.DisputeLost)
	for _, late := range []payment.Notice{payment.NoticeDisputeOpened, payment.NoticeDisputeLost, payment.NoticeDisputeWon} {
		d.When(of(late)).Then()
	}
	if p := d.State().(payment.Payment); p.ChargedBack() != 700 {
		t.Errorf("%d charged back, want 700", p.ChargedBack())
	}
}

func TestAnOrderThatIsNotPaidInTimeExpires(t *testing.T) {
	t.Parallel()
	readied := event.Readied.Of(event.ReadiedV1{By: "order", PaymentToken: "tok_ok"})
	d := sagatest.Given(t, machine, readied).Expired(readied).ThenKinds(event.Expired)
	d.When(reserved).Then()
	d.When(cleared).Then()
	d.Expired(readied).Then()
	d.When(cancelled).ThenKinds(event.Voided)
}
