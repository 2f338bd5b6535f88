package run_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
)

// refusal is a request that must be refused, with the expected answer. Its body is a good order unless spoil or raw changes it.
type refusal struct {
	name    string
	spoil   func(order map[string]any)
	raw     string
	headers []string // besides a good key; "Idempotency-Key: " for none
	status  int
	problem string
	places  []string
}

func line(sku string, quantity any) []any {
	return []any{map[string]any{"sku": sku, "quantity": quantity}}
}

func setTo(field string, value any) func(map[string]any) {
	return func(o map[string]any) { o[field] = value }
}

func shipTo(field string, value any) func(map[string]any) {
	return func(o map[string]any) { o["ship_to"].(map[string]any)[field] = value }
}

const shelf = "refusals"

var refusals = []refusal{
	{name: "unknown SKU", spoil: setTo("lines", line("no-such-product", 1)), status: 422, problem: "invalid",
		places: []string{"body.lines[0].sku"}},
	{name: "quantity 0", spoil: setTo("lines", line(shelf, 0)), status: 422, problem: "invalid",
		places: []string{"body.lines[0].quantity"}},
	{name: "negative quantity", spoil: setTo("lines", line(shelf, -3)), status: 422, problem: "invalid",
		places: []string{"body.lines[0].quantity"}},
	{name: "quantity beyond 2^31", spoil: setTo("lines", line(shelf, int64(1)<<31+1)), status: 422, problem: "invalid",
		places: []string{"body.lines[0].quantity"}},
	{name: "quantity beyond 2^63", spoil: setTo("lines", line(shelf, json.Number("9223372036854775808"))), status: 422,
		problem: "invalid", places: []string{"body.lines[0].quantity"}},
	{name: "quantity 1.0", spoil: setTo("lines", line(shelf, json.Number("1.0"))), status: 422, problem: "invalid",
		places: []string{"body.lines[0].quantity"}},
	{name: "quantity as text", spoil: setTo("lines", line(shelf, "1")), status: 422, problem: "invalid",
		places: []string{"body.lines[0].quantity"}},
	{name: "no lines", spoil: setTo("lines", []any{}), status: 422, problem: "invalid", places: []string{"body.lines"}},
	{name: "lines missing", spoil: func(o map[string]any) { delete(o, "lines") }, status: 422, problem: "invalid",
		places: []string{"body.lines"}},
	{name: "lines null", spoil: setTo("lines", nil), status: 422, problem: "invalid", places: []string{"body.lines"}},
	{name: "201 lines", spoil: setTo("lines", slices.Repeat(line(shelf, 1), 201)), status: 422, problem: "invalid",
		places: []string{"body.lines"}},
	{name: "10,000 lines", spoil: setTo("lines", slices.Repeat(line(shelf, 1), 10_000)), status: 413, problem: "too-large"},
	{name: "malformed JSON", raw: `{"lines":[{"sku":"refusals","quantity":1}`, status: 400, problem: "malformed",
		places: []string{"body"}},
	{name: "no JSON", raw: "sku=refusals&quantity=1", status: 400, problem: "malformed", places: []string{"body"}},
	{name: "empty body", raw: "", status: 400, problem: "malformed"},
	{name: "unknown field", spoil: setTo("colour", "red"), status: 422, problem: "invalid", places: []string{"body.colour"}},
	{name: "unknown field of the address", spoil: shipTo("planet", "Earth"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.planet"}},
	{name: "no form of a token", spoil: setTo("payment_token", "4711"), status: 422, problem: "invalid",
		places: []string{"body.payment_token"}},
	{name: "unsupported country", spoil: shipTo("country", "XX"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.country"}},
	{name: "country in small letters", spoil: shipTo("country", "gb"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.country"}},
	{name: "no mail address", spoil: setTo("email", "ada at example"), status: 422, problem: "invalid",
		places: []string{"body.email"}},
	{name: "a character that cannot be stored", spoil: shipTo("name", "Ada\x00"), status: 400, problem: "malformed",
		places: []string{"body.ship_to.name"}},
	{name: "unknown fill policy", spoil: setTo("fill_policy", "fill_some"), status: 422, problem: "invalid",
		places: []string{"body.fill_policy"}},
	{name: "no idempotency key", headers: []string{"Idempotency-Key: "}, status: 400, problem: "idempotency-key"},
	{name: "too long an idempotency key", headers: []string{"Idempotency-Key: " + strings.Repeat("k", 256)}, status: 400,
		problem: "idempotency-key"},
	{name: "card number", spoil: shipTo("line1", "4242 4242 4242 4242"), status: 422, problem: "card-number",
		places: []string{"body.ship_to.line1"}},
	{name: "card number for a token", spoil: setTo("payment_token", "5555555555554444"), status: 422, problem: "card-number",
		places: []string{"body.payment_token"}},
	{name: "card number between dots", spoil: shipTo("line2", "card 4111.1111.1111.1111"), status: 422, problem: "card-number",
		places: []string{"body.ship_to.line2"}},
	{name: "no media type", headers: []string{"Content-Type: "}, status: 415, problem: "media-type"},
	{name: "country of two letters and four bytes", spoil: shipTo("country", "éé"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.country"}},
	{name: "country of two bytes", spoil: shipTo("country", "é"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.country"}},
	{name: "two mail addresses", spoil: setTo("email", "a@x.example, other@y.example"), status: 422, problem: "invalid",
		places: []string{"body.email"}},
	{name: "more than an order may cost", spoil: setTo("lines", line(shelf, 1_000_000)), status: 422, problem: "invalid",
		places: []string{"body.lines[0]"}},
	{name: "half a surrogate pair", spoil: shipTo("name", json.RawMessage(`"Ada \ud800"`)), status: 422, problem: "invalid",
		places: []string{"body.ship_to.name"}},
	{name: "name that turns the line around", spoil: shipTo("name", "Ada \u202egnp.exe"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.name"}},
	{name: "name that cannot be seen", spoil: shipTo("name", "\u200b\u2060"), status: 422, problem: "invalid",
		places: []string{"body.ship_to.name"}},
	{name: "five faults", spoil: func(o map[string]any) {
		o["lines"] = append(line(shelf, 0), line("no-such-product", 1)...)
		delete(o, "email")
		shipTo("name", " ")(o)
		shipTo("country", "XX")(o)
	}, status: 422, problem: "invalid", places: []string{"body.email", "body.lines[0].quantity", "body.lines[1].sku",
		"body.ship_to.country", "body.ship_to.name"}},
	{name: "another media type", headers: []string{"Content-Type: text/plain"}, status: 415, problem: "media-type"},
	{name: "several faults at once", spoil: func(o map[string]any) {
		o["lines"] = append(line(shelf, 0), line(shelf, -1)...)
		o["payment_token"] = "card"
		shipTo("country", "XX")(o)
	}, status: 422, problem: "invalid", places: []string{"body.lines[0].quantity", "body.lines[1].quantity", "body.payment_token",
		"body.ship_to.country"}},
}

type problem struct {
	Type   string
	Status int
	Detail string
	Errors []struct{ Detail, Location string }
}

func (r refusal) body(t *testing.T) string {
	if r.spoil == nil && r.headers == nil {
		return r.raw
	}
	text, err := json.Marshal(trial.NewBasket(trial.Line{SKU: shelf, Quantity: 1}))
	if err != nil {
		t.Fatal(err)
	}
	var order map[string]any
	if err := json.Unmarshal(text, &order); err != nil {
		t.Fatal(err)
	}
	if r.spoil != nil {
		r.spoil(order)
	}
	if text, err = json.Marshal(order); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestABadOrderIsRefusedWithEveryFaultAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.site.Sell(t, shelf, price, received)
	customer := fresh("customer-of-refusals")
	t.Run("refusals", func(t *testing.T) {
		for _, bad := range refusals {
			t.Run(bad.name, func(t *testing.T) {
				t.Parallel()
				// a random id may look like the secret
				headers := append([]string{"Idempotency-Key: " + bad.name, "X-Request-Id: a"}, bad.headers...)
				body := bad.body(t)
				a := r.site.Customer(customer).Must(t, bad.status, "POST", "/v1/orders", body, headers...)
				p := trial.Read[problem](t, a)
				if a.Header.Get("Content-Type") != "application/problem+json" || !strings.HasSuffix(p.Type, "/"+bad.problem) ||
					p.Status != bad.status || p.Detail == "" {
					t.Errorf("%s: %s", a.Header.Get("Content-Type"), a.Body)
				}
				var places []string
				for _, fault := range p.Errors {
					places = append(places, fault.Location)
					if fault.Detail == "" {
						t.Errorf("%s: the fault has no message", fault.Location)
					}
				}
				slices.Sort(places)
				if bad.places != nil && !slices.Equal(slices.Compact(places), bad.places) {
					t.Errorf("places %q, want %q: %s", places, bad.places, a.Body)
				}
				for _, secret := range []string{"4242", "5555555555554444", "4711", "ada at example", "Long Road"} {
					if strings.Contains(a.Body, secret) {
						t.Errorf("the answer repeats %q: %s", secret, a.Body)
					}
				}
			})
		}
	})
	// The same keys with a good order: none of them is taken.
	good := trial.NewBasket(trial.Line{SKU: shelf, Quantity: received + 1})
	a := r.site.Customer(customer).Must(t, 202, "POST", "/v1/orders", good, "Idempotency-Key: "+refusals[0].name)
	id := trial.Read[trial.Order](t, a).ID
	var claims int
	if err := r.Host.Databases()["storefront"].Gorm().Raw("SELECT count(*) FROM idempotency_keys WHERE caller = ?", customer).Row().
		Scan(&claims); err != nil || claims != 1 {
		t.Errorf("%d keys are claimed, want that of the good order alone (%v)", claims, err)
	}
	list := trial.Read[struct{ Items []trial.Order }](t, r.site.Customer(customer).Must(t, 200, "GET", "/v1/orders", nil))
	if len(list.Items) != 1 || list.Items[0].ID != id {
		t.Errorf("orders: %+v, want %s alone", list.Items, id)
	}
	if keys := eventsAbout(t, r, customer, id); !slices.Equal(keys, []string{id}) {
		t.Errorf("events about the orders %q, want %s alone", keys, id)
	}
}

// eventsAbout lists the keys of the storefront's events that name the customer, once the order's is among them.
func eventsAbout(t *testing.T, r running, customer, order string) (keys []string) {
	k := kafka.Dial(kafka.Config{Brokers: r.Kafka, ClientID: "trial"})
	defer k.Close()
	positions := make([]kafka.Position, r.Partitions)
	for i := range positions {
		positions[i] = kafka.Position{Topic: "storefront.events", Partition: i}
	}
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	for ended := false; !ended || !slices.Contains(keys, order); {
		ended = true
		fetched, err := k.Fetch(ctx, positions, 100*time.Millisecond)
		if err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
		for _, f := range fetched {
			if f.Err != nil {
				t.Fatal(f.Err)
			}
			for _, record := range f.Records {
				if strings.Contains(string(record.Data), customer) {
					keys = append(keys, record.Key)
				}
			}
			ended = ended && f.Next >= f.HighWatermark
			positions[f.Partition].Offset = f.Next
		}
	}
	return keys
}
