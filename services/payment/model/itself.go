package model

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// What the gateway may do by itself, at any time at which it can.
type (
	opensDispute   struct{}
	decidesDispute struct{}
	takesBack      struct{}
)

var (
	openDispute   = saga.Command[opensDispute]("open_dispute")
	decideDispute = saga.Command[decidesDispute]("decide_dispute")
	takeBack      = saga.Command[takesBack]("take_back") // a refund that did not arrive
)

// scenes are those in which the gateway does something by itself.
var scenes = func() (list []model.Scene) {
	for _, does := range []string{"disputes", "reverses", "notifies"} {
		for _, s := range []model.Scene{{}, {Cancels: true}, {Returns: "one"}} {
			s.Stock, s.Fill, s.Customer, s.Gateway = "enough", "fill_all", "trusted", does
			list = append(list, s)
		}
	}
	return list
}()

func start(s model.Scene) map[string]any {
	switch s.Gateway {
	case "notifies":
		return map[string]any{gateway.Name: gateway.Book{Notifies: true}}
	case "once":
		return map[string]any{gateway.Name: gateway.Book{Once: true}}
	case "reverses": // with as many refusals as elsewhere it failed too often, and the money would be owed
		return map[string]any{gateway.Name: gateway.Book{Refusals: gateway.Refusals - 1}}
	}
	return nil
}

func told(s model.Scene) (list []explore.Told) {
	may := func(who string, e saga.Event) {
		list = append(list, explore.Told{Who: who, To: gateway.Name, Event: e})
	}
	switch s.Gateway {
	case "disputes":
		may("the customer's bank", openDispute.Of(opensDispute{}))
		may("the customer's bank", decideDispute.Of(decidesDispute{}))
	case "reverses":
		may("the customer's bank", takeBack.Of(takesBack{}))
	}
	return list
}

// outside is the gateway, with what it notifies of.
func outside() explore.Outside {
	o := gateway.Outside(func(b gateway.Book, id string, asked any) []explore.Outcome {
		list := append(answer(b, id, asked), byItself(b, asked)...)
		if b.Notifies {
			for i, out := range list {
				list[i].Tells = notified(id, asked, out)
			}
		}
		return list
	}, payment.Authorize.Name(), payment.Capture.Name(), payment.Void.Name())
	o.Tells, o.Before = []saga.Kind{payment.RecordNotification}, beforeNotified
	return o
}

// beforeNotified lists what has to happen first before the gateway can do anything by itself.
func beforeNotified(state any) []explore.Before {
	book, b := state.(gateway.Book), model.Before{}
	if book.Notifies {
		return nil
	}
	quiet := func(holds bool, until ...saga.Kind) {
		if holds {
			b = append(b, explore.Before{Says: payment.RecordNotification, Hears: until})
		}
	}
	quiet(true, openDispute, decideDispute, takeBack)
	quiet(book.Sum().Captured == 0, event.CaptureRequested)
	for _, h := range book.Holds {
		if h.Captured == 0 {
			continue
		}
		quiet(h.Dispute == "" && h.Left() == 0 && h.Open() == 0 || h.Dispute != "" && h.Dispute != "open", takeBack)
		quiet(h.Dispute == "open", decideDispute, takeBack)
		quiet(h.Refund == "", openDispute, decideDispute, refunds.Requested)
		quiet(h.Reversed, openDispute, decideDispute)
	}
	return b
}

// byItself lists what the gateway may do with the payment that it has taken.
func byItself(b gateway.Book, what any) []explore.Outcome {
	for _, h := range b.Holds {
		did := func(does string, kind payment.Notice, amount int64, after gateway.Hold) explore.Outcome {
			return explore.Outcome{Does: does, State: b.With(after), Tells: []saga.Event{payment.RecordNotification.Of(
				payment.Notification{Kind: kind, Order: model.Order, Reference: h.Reference(), DisputeID: "d", RefundID: h.Refund,
					Amount: schemas.Money{Amount: amount, Currency: "GBP"}, Reason: "fraudulent"})}}
		}
		after := h
		switch what.(type) {
		case opensDispute:
			if after.Charged, after.Dispute = h.Left(), "open"; h.Dispute == "" && h.Left() > 0 {
				return []explore.Outcome{did("charges back", payment.NoticeDisputeOpened, h.Left(), after)}
			}
		case decidesDispute:
			if h.Dispute != "open" {
				continue
			}
			after.Dispute = "lost"
			lost := did("lets the customer win", payment.NoticeDisputeLost, h.Charged, after)
			after.Dispute, after.Charged = "won", 0
			return []explore.Outcome{lost, did("lets the shop win", payment.NoticeDisputeWon, h.Charged, after),
				{Does: "does not decide yet", State: b}}
		case takesBack:
			if after.Refunded, after.Reversed = h.Refunded-h.Given, true; h.Refund != "" && !h.Reversed {
				return []explore.Outcome{did("takes a refund back", payment.NoticeRefundReversed, h.Given, after)}
			}
		}
	}
	return nil
}

// notified is the notification of an outcome of a question: the same as its answer.
func notified(id string, asked any, out explore.Outcome) []saga.Event {
	n := payment.Notification{Order: model.Order, Attempt: id}
	for _, h := range out.State.(gateway.Book).Holds {
		n.Reference, n.Amount = h.Reference(), schemas.Money{Amount: h.Authorized, Currency: "GBP"}
		switch a := out.Answer.(type) {
		case payment.AuthorizeAnswer:
			n.Kind, n.Once = payment.NoticeAuthorized, a.Once
			if a.Refused != "" {
				n.Kind, n.Reason = payment.NoticeDeclined, a.Refused
			}
		case payment.CaptureAnswer:
			n.Kind, n.Captures, n.Amount = payment.NoticeCaptured, []string{id}, asked.(event.CaptureRequestedV1).Amount
			if a.Refused != "" {
				n.Kind, n.Reason = payment.NoticeCaptureFailed, a.Refused
			}
		case payment.VoidAnswer:
			n.Kind, n.Attempt, n.Amount.Amount = payment.NoticeVoided, h.Attempt, a.Amount
		}
	}
	if n.Kind == "" {
		return nil
	}
	return []saga.Event{payment.RecordNotification.Of(n)}
}
