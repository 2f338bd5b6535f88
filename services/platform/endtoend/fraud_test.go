package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
)

// judged is an installation whose orders two processes judge, by the rules in a file.
type judged struct {
	*fleet
	rules string
	site  *trial.Site
}

const cardLimit = "card.orders[\"10m\"] > 5"

func startJudged(t *testing.T) *judged {
	t.Helper()
	bin := trial.Programs(t, "platform")
	j := &judged{fleet: &fleet{orderflow: filepath.Join(bin, "orderflow"), bin: bin, dir: openDir(t),
		processes: map[string][]*trial.Process{}}, rules: filepath.Join(t.TempDir(), "rules.yaml")}
	text, err := os.ReadFile("../../fraud/internal/rules/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j.write(t, string(text))
	var others []string
	for _, app := range run.Apps {
		if app.Name != "fraud" {
			others = append(others, app.Name)
		}
	}
	j.startWorld(t, others...)
	j.processes["fraud"] = []*trial.Process{j.up(t, "fraud", "--fraud-rules", j.rules), j.up(t, "fraud", "--fraud-rules", j.rules)}
	key, err := os.ReadFile(j.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	j.site = &trial.Site{Key: key, Storefront: func() string { return j.processes[run.World][0].Customers },
		Operators: func(name string) string {
			if of := j.processes[name]; len(of) > 0 {
				return of[len(of)-1].Operators
			}
			return j.processes[run.World][0].Operators
		}}
	return j
}

// arguments are those of a process with these services.
func (j *judged) arguments(t *testing.T, services string, flags ...string) []string {
	t.Helper()
	args := append([]string{"up", "--services", services, "--data-dir", openDir(t)}, j.flags...)
	for name, value := range j.outside {
		args = append(args, fmt.Sprintf("--%s=%v", name, value))
	}
	return append(args, flags...)
}

func (j *judged) up(t *testing.T, services string, flags ...string) *trial.Process {
	t.Helper()
	return trial.Run(t, j.orderflow, j.arguments(t, services, flags...)...)
}

func (j *judged) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(j.rules+".next", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(j.rules+".next", j.rules); err != nil {
		t.Fatal(err)
	}
}

// buy places an order with this token, to this address.
func (j *judged) buy(t *testing.T, token, street string) *trial.Buyer {
	t.Helper()
	basket := trial.NewBasket(trial.Line{SKU: "judged", Quantity: 1})
	basket.PaymentToken, basket.ShipTo.Line1 = token, street
	return j.site.Buy(t, basket)
}

// judgements counts what became of orders with one card, each to another address.
func (j *judged) judgements(t *testing.T, card string, orders int) map[string]int {
	t.Helper()
	buyers := make([]*trial.Buyer, orders)
	for i := range buyers {
		buyers[i] = j.buy(t, card, fmt.Sprintf("%d %s Street", i, card))
	}
	ends := map[string]int{}
	for _, b := range buyers {
		b.Await(t, "confirmed", "in_review", "cancelled")
		for _, e := range b.Order(t).Timeline {
			if e.Status == "confirmed" || e.Status == "in_review" || e.Status == "cancelled" {
				ends[e.Status]++
				break
			}
		}
	}
	return ends
}

func TestAStolenCardIsStoppedAndAChargebackRememberedByTwoProcessesAndBrokenRulesAreRefused(t *testing.T) {
	t.Parallel()
	j := startJudged(t)
	j.site.Sell(t, "judged", price, 200)
	if got := j.judgements(t, "tok_card_eve", 10); fmt.Sprint(got) != "map[confirmed:5 in_review:5]" {
		t.Errorf("a card used ten times at once, and more than five are reviewed: %v", got)
	}

	// The customer's bank takes a payment back: that card and that address are reviewed from then on, others are not.
	first := j.buy(t, "tok_card_chargeback_bob", "1 Disputed Row")
	first.Await(t, "completed")
	trial.Await(t, "the chargeback of "+first.ID, func() (bool, string) {
		a := j.site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+first.ID, nil)
		return strings.Contains(a.Body, "charged_back"), a.Body
	})
	for rule, buy := range map[string][2]string{"card_charged_back": {"tok_card_chargeback_bob", "2 Other Row"},
		"address_charged_back": {"tok_ok", "1 disputed  row"}} {
		trial.Await(t, "a review of the next order: "+rule, func() (bool, string) {
			b := j.buy(t, buy[0], buy[1]) // until the chargeback has been heard of
			b.Await(t, "confirmed", "in_review")
			a := j.site.Operator("fraud").Must(t, 200, "GET", "/v1/reviews?limit=200", nil)
			for _, r := range trial.Read[struct {
				Items []struct {
					Order string
					Rules []string
				}
			}](t, a).Items {
				if r.Order == b.ID {
					return slices.Contains(r.Rules, rule), a.Body
				}
			}
			return false, a.Body
		})
	}
	if got := j.judgements(t, "tok_card_carol", 1); got["confirmed"] != 1 {
		t.Errorf("another card to another address: %v", got)
	}

	// A broken file is refused with its line, and the rules in force stay: at the reload and at the start of another process.
	before := j.site.Operator("fraud").Must(t, 200, "GET", "/v1/fraud/rules", nil).Body
	text, err := os.ReadFile(j.rules)
	if err != nil {
		t.Fatal(err)
	}
	broken := string(text) + "  - {name: broken, score: 5, when: order.amount}\n"
	wrong := fmt.Sprintf("line %d: broken: ", strings.Count(broken, "\n"))
	j.write(t, broken)
	for _, p := range j.processes["fraud"] {
		trial.Await(t, "the refusal of the broken file", func() (bool, string) {
			return strings.Contains(p.Log(), "fraud rules refused") && strings.Contains(p.Log(), wrong), p.Log()
		})
	}
	_, stderr, code := trial.Command(j.orderflow, j.arguments(t, "fraud", "--fraud-rules", j.rules)...)
	if code == 0 || !strings.Contains(stderr, wrong) {
		t.Errorf("a start with the broken file: %d %s", code, stderr)
	}
	if after := j.site.Operator("fraud").Must(t, 200, "GET", "/v1/fraud/rules", nil).Body; after != before {
		t.Errorf("the rules were\n%s\nand are\n%s", before, after)
	}
	if got := j.judgements(t, "tok_card_dan", 6); fmt.Sprint(got) != "map[confirmed:5 in_review:1]" {
		t.Errorf("by the rules that stay: %v", got)
	}

	// A good one is in force in both, also for what the one decides that is left.
	j.write(t, strings.Replace(string(text), cardLimit, "card.orders[\"10m\"] > 2", 1))
	trial.Await(t, "the new rules in force", func() (bool, string) {
		now := j.site.Operator("fraud").Must(t, 200, "GET", "/v1/fraud/rules", nil).Body
		return now != before, now
	})
	j.processes["fraud"][0].Kill()
	if got := j.judgements(t, "tok_card_frank", 6); fmt.Sprint(got) != "map[confirmed:2 in_review:4]" {
		t.Errorf("by the new rules, with one process: %v", got)
	}
}
