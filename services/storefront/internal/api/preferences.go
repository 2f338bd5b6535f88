package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones of machines without a database of them

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Customers reads preferences, and has the engine decide commands about them.
type Customers interface {
	Preferences(ctx context.Context, customer string) (storefront.Preferences, error)
	Submit(ctx context.Context, customer string, command saga.Event) (storefront.Preferences, error)
}

// Preferences are how a customer wants to be told of orders and promotions.
type Preferences struct {
	Channels   []string    `json:"channels" nullable:"false" maxItems:"3" doc:"mail, push and sms, beside the inbox, which every customer has" example:"[\"mail\"]"`
	Promotions bool        `json:"promotions" doc:"Whether promotions are sent too"`
	Locale     string      `json:"locale" enum:"en,de" doc:"The language of messages"`
	QuietHours *QuietHours `json:"quiet_hours,omitempty" doc:"No push and no SMS within: what would come then comes after"`
	Email      string      `json:"email,omitempty" format:"email" maxLength:"254" doc:"Without it, mail about an order goes to the order's address. Promotions by mail need one" example:"ada@example.com"`
	Phone      string      `json:"phone,omitempty" pattern:"^\\+[1-9][0-9]{6,14}$" patternDescription:"a number as E.164 has it, as +441632960001" doc:"For sms: E.164" example:"+441632960001"`
	Push       *Push       `json:"push,omitempty" doc:"For push: what the browser's PushManager.subscribe gives"`
}

// QuietHours are a part of each day.
type QuietHours struct {
	From string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time of day, as 22:00" example:"22:00"`
	To   string `json:"to" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time of day, as 07:00" example:"07:00" doc:"Before From: on the next day"`
	Zone string `json:"zone" minLength:"1" maxLength:"64" doc:"A name of the IANA database" example:"Europe/London"`
}

// Push is a subscription of Web Push.
type Push struct {
	Endpoint string `json:"endpoint" minLength:"1" maxLength:"1000" example:"https://push.example.com/send/4f1c"`
	P256DH   string `json:"p256dh" minLength:"1" maxLength:"100" doc:"The key of that name, in base64url"`
	Auth     string `json:"auth" minLength:"1" maxLength:"100" doc:"The key of that name, in base64url"`
}

// Check finds the faults that tags cannot express.
func (p *Preferences) Check() (faults []httpserver.Fault) {
	refuse := func(place, detail string) {
		faults = append(faults, httpserver.Fault{Location: "body." + place, Detail: detail})
	}
	for i, c := range p.Channels {
		switch place := fmt.Sprintf("channels[%d]", i); {
		case c != event.ChannelMail && c != event.ChannelPush && c != event.ChannelSMS:
			refuse(place, "want mail, push or sms")
		case slices.Contains(p.Channels[:i], c):
			refuse(place, "want each channel once")
		}
	}
	if slices.Contains(p.Channels, event.ChannelSMS) && p.Phone == "" {
		refuse("phone", "sms needs a phone number")
	}
	if slices.Contains(p.Channels, event.ChannelPush) && p.Push == nil {
		refuse("push", "push needs the subscription of a browser")
	}
	if p.Promotions && slices.Contains(p.Channels, event.ChannelMail) && p.Email == "" {
		refuse("email", "promotions by mail need an address")
	}
	if q := p.QuietHours; q != nil {
		if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "Local" {
			refuse("quiet_hours.zone", "want a name of the IANA database, as Europe/London")
		}
		if q.From == q.To {
			refuse("quiet_hours.to", "want another time than from")
		}
	}
	if p.Push != nil {
		if !public(p.Push.Endpoint) {
			refuse("push.endpoint", "want the https URL of a push service")
		}
		if !decodes(p.Push.P256DH, 65) {
			refuse("push.p256dh", "want a public key of P-256 in base64url: 65 bytes")
		}
		if !decodes(p.Push.Auth, 16) {
			refuse("push.auth", "want 16 bytes in base64url")
		}
	}
	return faults
}

// public tells whether a URL may be a push service: https, at a name of the public Internet.
func public(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") {
		return false
	}
	_, err = netip.ParseAddr(u.Hostname())
	return err != nil
}

// decodes tells whether the text is so many bytes in base64url.
func decodes(text string, bytes int) bool {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	return err == nil && len(data) == bytes
}

type preferencesInput struct{ Body Preferences }

type preferencesOutput struct{ Body Preferences }

type preferencesHandlers struct{ Customers }

// RegisterPreferences adds the routes of the customer's preferences to the API, which checks tokens.
func RegisterPreferences(api huma.API, c Customers) {
	h := preferencesHandlers{c}
	op := huma.Operation{Path: "/v1/me/preferences", Tags: []string{"Preferences"}, Security: openapi.Bearer,
		Errors: []int{http.StatusUnauthorized, http.StatusServiceUnavailable}}
	get, put := op, op
	get.OperationID, get.Method, get.Summary = "get-preferences", http.MethodGet, "Read how you are told of your orders"
	put.OperationID, put.Method, put.Summary = "set-preferences", http.MethodPut, "Choose how you are told of your orders"
	put.Description = "Replaces them all. Messages that are under way still go where they were meant to."
	put.Errors = append(slices.Clone(op.Errors), http.StatusBadRequest, http.StatusUnsupportedMediaType)
	huma.Register(api, get, h.get)
	huma.Register(api, put, h.set)
}

func (h preferencesHandlers) get(ctx context.Context, _ *struct{}) (*preferencesOutput, error) {
	p, err := h.Preferences(ctx, httpserver.Subject(ctx))
	if err != nil {
		return nil, service.Unavailable(err)
	}
	return &preferencesOutput{viewPreferences(p)}, nil
}

func (h preferencesHandlers) set(ctx context.Context, in *preferencesInput) (*preferencesOutput, error) {
	wanted := in.Body.event()
	if p := service.Refused(event.PreferencesChanged, wanted); p != nil {
		return nil, p
	}
	p, err := submitted(ctx, h.Customers, httpserver.Subject(ctx), storefront.ChangePreferences.Of(wanted))
	if err != nil {
		return nil, err
	}
	return &preferencesOutput{viewPreferences(p)}, nil
}

// submitted is Submit with a time limit of its own: it does not end when the client disconnects.
func submitted(ctx context.Context, c Customers, customer string, command saga.Event) (storefront.Preferences, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
	defer cancel()
	p, err := c.Submit(ctx, customer, command)
	return p, service.Unavailable(err)
}

func (p Preferences) event() event.PreferencesChangedV1 {
	e := event.PreferencesChangedV1{Channels: p.Channels, Promotions: p.Promotions, Locale: p.Locale, Email: p.Email, Phone: p.Phone}
	if p.QuietHours != nil {
		quiet := event.QuietHours(*p.QuietHours)
		e.QuietHours = &quiet
	}
	if p.Push != nil {
		push := event.PushSubscription{Endpoint: p.Push.Endpoint, P256DH: strings.TrimRight(p.Push.P256DH, "="),
			Auth: strings.TrimRight(p.Push.Auth, "=")}
		e.Push = &push
	}
	return e
}

func viewPreferences(of storefront.Preferences) Preferences {
	e := of.InForce()
	p := Preferences{Channels: append([]string{}, e.Channels...), Promotions: e.Promotions, Locale: e.Locale, Email: e.Email,
		Phone: e.Phone}
	if !schemas.KnownLocale(p.Locale) {
		p.Locale = schemas.Locales[0] // an older build took it
	}
	if e.QuietHours != nil {
		quiet := QuietHours(*e.QuietHours)
		p.QuietHours = &quiet
	}
	if e.Push != nil {
		push := Push(*e.Push)
		p.Push = &push
	}
	return p
}
