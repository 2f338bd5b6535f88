package api

import (
	"slices"
	"testing"
	"time"

	event "orderflow.example/schemas/storefront"
)

func TestInteractionsAreTakenFromCustomersAndGuestsAndWhatIsWrongWithThemIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct{ who, body string }{
		{"ann", `{"kind":"view","sku":"MUG"}`},
		{"ann", `{"kind":"cart","sku":"BAG","at":"2026-03-01T09:30:04Z"}`},
		{"", `{"kind":"search","query":"lantern","visitor":"v-1"}`},
		{"", `{"kind":"view","sku":"MUG","visitor":"v-1"}`},
	} {
		s.ask(c.who, "POST", "/v1/interactions", c.body).is(202)
	}
	s.mu.Lock()
	taken := slices.Clone(s.looked)
	s.mu.Unlock()
	if len(taken) != 4 || taken[0].visitor != "customer:ann" || taken[0].SKU != "MUG" || taken[0].At == "" ||
		taken[1].At != "2026-03-01T09:30:04Z" || taken[2].visitor != "guest:v-1" || taken[2].Query != "lantern" {
		t.Errorf("%+v", taken)
	}
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	for body, where := range map[string]string{
		`{"kind":"view","sku":"NONE"}`:                        "body.sku",
		`{"kind":"view"}`:                                     "body.sku",
		`{"kind":"search"}`:                                   "body.query",
		`{"kind":"search","query":"x","sku":"MUG"}`:           "body.sku",
		`{"kind":"view","sku":"MUG","query":"x"}`:             "body.query",
		`{"kind":"buy","sku":"MUG"}`:                          "body.kind",
		`{"kind":"view","sku":"MUG","at":"` + tomorrow + `"}`: "body.at",
		`{"kind":"view","sku":"MUG","at":"yesterday"}`:        "body.at",
		`{"kind":"view","sku":"MUG","much":1}`:                "body.much",
		`{"kind":"view","sku":"MUG","visitor":"a b"}`:         "body.visitor",
	} {
		a := s.ask("ann", "POST", "/v1/interactions", body)
		if !slices.Contains(a.problem(422, "invalid"), where) {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	s.ask("", "POST", "/v1/interactions", `{"kind":"view","sku":"MUG"}`).is(422)
	s.ask("", "POST", "/v1/interactions", `{"kind":"view","sku":"MUG","visitor":"v"}`, "Authorization", "Bearer x").is(401)
	if len(s.looked) != 4 {
		t.Errorf("%+v", s.looked[4:])
	}
}

// looked is an interaction that was taken.
type looked struct {
	visitor string
	event.Interaction
}

func (s *shop) interact(visitor string, i event.Interaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = append(s.looked, looked{visitor, i})
}
