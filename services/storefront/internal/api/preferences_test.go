package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

// customers are preferences in memory: the machine decides as it does in the engine.
type customers struct {
	*testing.T
	machine *saga.Machine
	of      map[string]storefront.Preferences
	said    []saga.Event
}

func (c *customers) Preferences(_ context.Context, customer string) (storefront.Preferences, error) {
	if p, known := c.of[customer]; known {
		return p, nil
	}
	return storefront.BlankPreferences(customer), nil
}

func (c *customers) Submit(ctx context.Context, customer string, command saga.Event) (storefront.Preferences, error) {
	before, _ := c.Preferences(ctx, customer)
	command.Key, command.Saga = customer, customer
	step, err := c.machine.Hear(before, command, func(e *saga.Event) { e.Time = time.Now() })
	if err != nil {
		return storefront.Preferences{}, err
	}
	c.of[customer], c.said = step.State.(storefront.Preferences), append(c.said, step.Emitted...)
	return c.of[customer], nil
}

func openPreferences(t *testing.T) (*shop, *customers) {
	t.Helper()
	c := &customers{t, storefront.Customers.Machine(), map[string]storefront.Preferences{}, nil}
	server := httpserver.New(httpserver.Options{})
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	description := openapi.New(server.Engine(), "Orderflow", "1")
	openapi.RequireToken(description, auth, httpserver.AudienceCustomers)
	RegisterPreferences(description, c)
	RegisterUnsubscribe(description, c, auth)
	return &shop{t: t, engine: server.Engine()}, c
}

const (
	preferencesPath = "/v1/me/preferences"
	everything      = `{"channels":["mail","push","sms"],"promotions":true,"locale":"de","email":"ada@example.com","phone":"+441632960001",
		"quiet_hours":{"from":"22:00","to":"07:00","zone":"Europe/London"},"push":{"endpoint":"https://push.example.com/send/4f1c",
		"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		"auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`
)

func TestACustomerReadsWhatTheyChoseAndOthersDoNot(t *testing.T) {
	t.Parallel()
	s, c := openPreferences(t)
	standard := Preferences{Channels: []string{"mail"}, Locale: schemas.Locales[0]}
	var got, put Preferences
	s.ask("ann", "GET", preferencesPath, "").is(200).read(&got)
	if !reflect.DeepEqual(got, standard) {
		t.Errorf("before anything was chosen: %+v", got)
	}
	s.ask("ann", "PUT", preferencesPath, everything).is(200).read(&put)
	s.ask("ann", "GET", preferencesPath, "").is(200).read(&got)
	if !reflect.DeepEqual(got, put) || !got.Promotions || got.Push == nil || got.QuietHours.Zone != "Europe/London" {
		t.Errorf("chosen %+v, read %+v", put, got)
	}
	var other Preferences
	s.ask("bob", "GET", preferencesPath, "").is(200).read(&other)
	if !reflect.DeepEqual(other, standard) {
		t.Errorf("bob reads %+v", other)
	}
	s.ask("ann", "PUT", preferencesPath, everything).is(200)
	if len(c.said) != 1 || c.said[0].Key != "ann" {
		t.Errorf("emitted %+v, want one event: the second time nothing changed", c.said)
	}
	s.ask("", "GET", preferencesPath, "").problem(401, "unauthorized")
	s.ask("", "PUT", preferencesPath, everything).problem(401, "unauthorized")
}

func TestPreferencesThatCannotBeKeptToAreRefusedWithEveryFaultAndItsPlace(t *testing.T) {
	t.Parallel()
	s, c := openPreferences(t)
	for body, places := range map[string][]string{
		`{"channels":["fax","sms","sms"],"promotions":false,"locale":"en"}`: {"body.channels[0]", "body.channels[2]", "body.phone"},
		`{"channels":["push"],"promotions":false,"locale":"en"}`:            {"body.push"},
		`{"channels":["mail"],"promotions":true,"locale":"xx"}`:             {"body.email", "body.locale"},
		`{"channels":[],"promotions":false,"locale":"en","phone":"0800","quiet_hours":{"from":"25:00","to":"07:00","zone":"Mars"}}`: {
			"body.phone", "body.quiet_hours.from", "body.quiet_hours.zone"},
		`{"channels":[],"promotions":false,"locale":"en","push":{"endpoint":"https://127.0.0.1/x","p256dh":"AA","auth":"AA"}}`: {
			"body.push.auth", "body.push.endpoint", "body.push.p256dh"},
		`{"channels":[],"promotions":false,"locale":"en","push":{"endpoint":"http://push.example.com/x","p256dh":"` +
			strings.Repeat("A", 87) + `","auth":"` + strings.Repeat("A", 22) + `"}}`: {"body.push.endpoint"},
		`{"channels":[],"promotions":false,"locale":"en","quiet_hours":{"from":"22:00","to":"22:00","zone":"UTC"}}`: {
			"body.quiet_hours.to"},
	} {
		if got := s.ask("ann", "PUT", preferencesPath, body).problem(422, "invalid"); !slices.Equal(got, places) {
			t.Errorf("%s: faults at %v, want %v", body, got, places)
		}
	}
	if c.said != nil {
		t.Errorf("emitted %v", c.said)
	}
}

func TestWhatIsTakenOfPreferencesTheContractOfItsEventAllows(t *testing.T) {
	t.Parallel()
	taken := 0
	for seed := range uint64(2) {
		s, c := openPreferences(t)
		for _, good := range []string{everything, `{"channels":["mail"],"promotions":false,"locale":"en","email":"ada@example.com"}`} {
			for body := range httpservertest.Variations(seed, good, 200) {
				switch a := s.ask("ann", "PUT", preferencesPath, body); a.Code {
				case 200:
					taken++
				case 400, 422:
				default:
					t.Errorf("%s: %d %s", body, a.Code, a.Body)
				}
			}
		}
		for _, said := range c.said {
			hold(t, said)
		}
	}
	if taken < 8 {
		t.Errorf("%d were taken: the test shows little", taken)
	}
}

func TestTheLocalesThatCanBeChosenAreThoseThereAre(t *testing.T) {
	t.Parallel()
	f, _ := reflect.TypeOf(Preferences{}).FieldByName("Locale")
	if got := strings.Split(f.Tag.Get("enum"), ","); !slices.Equal(got, schemas.Locales) {
		t.Errorf("described are %v, there are %v", got, schemas.Locales)
	}
}

func TestTheLinkOfAPromotionUnsubscribesItsCustomerWithoutLoginAndNobodyElse(t *testing.T) {
	t.Parallel()
	s, c := openPreferences(t)
	for _, who := range []string{"ann", "bob"} {
		s.ask(who, "PUT", preferencesPath, everything).is(200)
	}
	token, err := httpserver.Mint(key, httpserver.AudienceUnsubscribe, "ann", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	link := UnsubscribePath + "?token=" + token
	if page := s.ask("", "GET", link, "").is(200); !strings.Contains(page.Body.String(), `method="post"`) || !c.of["ann"].Chosen.Promotions {
		t.Errorf("a scanner that follows the link unsubscribed: %s", page.Body)
	}
	for range 2 { // as RFC 8058 has it
		s.ask("", "POST", link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded").is(200)
	}
	want := c.of["bob"].InForce()
	want.Promotions, want.Unsubscribed = false, true
	if got := c.of["ann"].InForce(); !reflect.DeepEqual(got, want) || len(c.said) != 3 {
		t.Errorf("ann has %+v after %d events", got, len(c.said))
	}
	if !c.of["bob"].InForce().Promotions {
		t.Error("bob was unsubscribed")
	}
	login, err := httpserver.Mint(key, httpserver.AudienceCustomers, "bob", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{login, token[:len(token)-2] + "xx", "x", ""} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if a := s.ask("", method, UnsubscribePath+"?token="+wrong, ""); a.Code != 404 && a.Code != 422 {
				t.Errorf("%s with %.10q: %d %s", method, wrong, a.Code, a.Body)
			}
		}
	}
	if !c.of["bob"].InForce().Promotions {
		t.Error("a wrong link unsubscribed")
	}
}

func TestWhoNeverChoseIsNotSubscribedByUnsubscribing(t *testing.T) {
	t.Parallel()
	s, c := openPreferences(t)
	token, err := httpserver.Mint(key, httpserver.AudienceUnsubscribe, "eve", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.ask("", "POST", UnsubscribePath+"?token="+token, "").is(200)
	if c.said != nil {
		t.Errorf("emitted %v", c.said)
	}
	var said event.PreferencesChangedV1
	if said = c.of["eve"].InForce(); said.Promotions {
		t.Error("eve is subscribed")
	}
}
