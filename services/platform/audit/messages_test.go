package audit

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
)

func TestWhatACustomerWasToldTwiceTooEarlyWronglyOrNeverIsNamed(t *testing.T) {
	t.Parallel()
	confirmed := func(all []notice) int {
		return slices.IndexFunc(all, func(n notice) bool { return strings.HasSuffix(n.message, ":confirmed") })
	}
	for says, damage := range map[string]func(*told){
		"the customer was told twice: completes:confirmed": func(o *told) {
			o.told = append(o.told, o.told[confirmed(o.told)])
		},
		"the customer was not told: completes:confirmed": func(o *told) {
			o.told = slices.Delete(o.told, confirmed(o.told), confirmed(o.told)+1)
		},
		"the customer was told what is not so: completes:lost:x": func(o *told) {
			o.told = append(o.told, notice{message: "completes:lost:x", at: time.Now()})
		},
		"the customer was told before it was so: completes:confirmed,": func(o *told) {
			o.told[confirmed(o.told)].at = o.news[confirmed(o.news)].at.Add(-2 * clocksApart)
		},
	} {
		p := open(t, 2).picture(t)
		p.verdict(t)
		if c := checkMessages(p); !c.Holds || c.Checked < 10 {
			t.Fatal(c)
		}
		damage(p.facts.orders["completes"])
		if c := checkMessages(p); c.Broken != 1 || !tells(map[string]Check{"": c}, "completes", says) {
			t.Errorf("%s: %v", says, c)
		}
	}
}

func TestAMessageThatWasMailedTwiceIsNamed(t *testing.T) {
	t.Parallel()
	p := open(t, 2).picture(t)
	p.Mails = func(context.Context) (int64, []string, error) { return 7, []string{"m1"}, nil }
	p.mailed, p.mailedTwice, _ = p.Mails(t.Context())
	if c := checkMails(p); c.Checked != 7 || !tells(map[string]Check{"": c}, "m1", "more than once") {
		t.Error(c)
	}
}

// The topics are read one after the other, each to its end: a message may be on its own, and what it tells of beyond the end of
// another's.
func TestAMessageThatIsYoungerThanTheSnapshotOfItsServiceIsNotHeldAgainstIt(t *testing.T) {
	t.Parallel()
	f := newFacts()
	posted := saga.Event{ID: "e", Key: "order", Time: time.Now()}
	counts := audit.Told{Message: "order:confirmed"}
	if f.hear(posted, counts); f.orders["order"] != nil && len(f.orders["order"].told) > 0 {
		t.Errorf("told %v", f.orders["order"].told)
	}
	if f.decide(posted, counts); len(f.of("order").told) != 1 {
		t.Errorf("told %v", f.of("order").told)
	}
}
