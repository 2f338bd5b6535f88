package choreography_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/run"
)

//go:generate go test -count=1 -run TestTheGeneratedAsyncAPIDocumentIsTheDeclaredOne -update

const document = "../../../../schemas/asyncapi.json"

func TestTheGeneratedAsyncAPIDocumentIsTheDeclaredOne(t *testing.T) {
	t.Parallel()
	text, err := choreography.Of(run.Apps...).AsyncAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != text {
		t.Error("schemas/asyncapi.json shows another choreography: run make generate")
	}
}

func TestTheDocumentHasEveryTopicEveryEventAndEveryConsumer(t *testing.T) {
	t.Parallel()
	all := choreography.Of(run.Apps...)
	text, err := all.AsyncAPI()
	if err != nil {
		t.Fatal(err)
	}
	type reference struct {
		Ref string `json:"$ref"`
	}
	var doc struct {
		Channels map[string]struct {
			Address  string
			Messages map[string]reference
		}
		Operations map[string]struct {
			Action   string
			Channel  reference
			Messages []reference
		}
		Components struct {
			Messages map[string]struct {
				Bindings struct {
					Kafka struct{ Key struct{ Description string } }
				}
				Payload struct{ Schema json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	has := func(operation, action, event string) {
		t.Helper()
		producer, _, _ := strings.Cut(event, ".")
		o := doc.Operations[operation]
		wanted := "#/channels/" + producer + "/messages/" + event
		found := false
		for _, m := range o.Messages {
			found = found || m.Ref == wanted
		}
		if o.Action != action || o.Channel.Ref != "#/channels/"+producer || !found {
			t.Errorf("operation %s does not %s %s", operation, action, event)
		}
		if c := doc.Channels[producer]; c.Address != producer+".events" || c.Messages[event].Ref != "#/components/messages/"+event {
			t.Errorf("channel %s does not carry %s", producer, event)
		}
		if len(doc.Components.Messages[event].Payload.Schema) == 0 {
			t.Errorf("there is no message %s", event)
		}
	}
	said, heard := 0, 0
	for _, m := range all.Machines {
		for _, r := range m.Rows {
			for _, e := range r.Emits {
				said++
				has(m.Service+"-sends", "send", e)
			}
			if producer, _, _ := strings.Cut(r.On, "."); !r.Command && producer != m.Service {
				heard++
				has(m.Service+"-receives-"+producer, "receive", r.On)
			}
		}
	}
	if said < 60 || heard < 60 {
		t.Errorf("%d events are said, %d heard: this test looks in the wrong place", said, heard)
	}
	for event, about := range map[string]string{"payment.captured.v1": "The id of the order, a UUID.",
		"inventory.stocked.v1": "The SKU of the product."} {
		if got := doc.Components.Messages[event].Bindings.Kafka.Key.Description; got != about {
			t.Errorf("%s is keyed by %q, want %q", event, got, about)
		}
	}
	if schema := string(doc.Components.Messages["storefront.order_placed.v1"].Payload.Schema); strings.Count(schema,
		`"x-personal": true`) != 3 {
		t.Error("the document does not say what is personal in an order")
	}
}

func TestAnEventWithoutASchemaHasNoDocument(t *testing.T) {
	t.Parallel()
	if _, err := sketched.AsyncAPI(); err == nil || err.Error() != "shop.placed.v1 is not in the registry: it has no schema" {
		t.Error(err)
	}
}
