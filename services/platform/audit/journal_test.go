package audit

import (
	"slices"
	"testing"
	"time"

	"orderflow.example/services/reporting"
)

func TestAJournalThatIsNotTheGatewaysBookIsNamedWithBothAmounts(t *testing.T) {
	t.Parallel()
	for says, damage := range map[string]func(*reporting.Account){
		"the journal has captured 0.00 GBP, the gateway's book says 10.50 GBP": func(a *reporting.Account) {
			*a = reporting.Blank(a.Order)
		},
		"the journal has captured 10.51 GBP, the gateway's book says 10.50 GBP": func(a *reporting.Account) {
			a.Items = slices.Clone(a.Items)
			a.Items[0].Booked++
		},
		"the journal has charged back 0.05 GBP, the gateway's book says 0.00 GBP": func(a *reporting.Account) {
			a.Items = append(slices.Clone(a.Items), reporting.Item{Movement: reporting.Chargeback, Currency: "GBP", Booked: -5})
		},
	} {
		p := open(t, 2).picture(t)
		p.verdict(t)
		if c := checkJournal(p); !c.Holds || c.Checked == 0 {
			t.Fatal(c)
		}
		change(p, "reporting", "completes", damage)
		p.tell()
		c := checkJournal(p)
		if c.Broken != 1 || !tells(map[string]Check{"": c}, "completes", says) {
			t.Errorf("%s: %v", says, c)
		}
		p.services["payment"].calls["completes"] = []owed{{"payment.capture_requested.v1", time.Now()}}
		if c := checkJournal(p); !c.Holds {
			t.Errorf("while the gateway is asked: %v", c)
		}
	}
}
