package audit

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
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
			o.told = append(o.told, notice{"completes:lost:x", time.Now()})
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
