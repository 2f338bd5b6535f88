package saga

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"orderflow.example/shared/saga/contract"
)

// Event is something that happened, named in the past tense and never changed.
// A decide function fills Data and, where the event is about something other than its saga, Key; whoever runs the
// choreography stamps the rest.
type Event struct {
	ID    string    // UUIDv7
	Type  string    // "payment.authorized.v1"
	Key   string    // what it is about and where it is ordered: the order id, or a SKU
	Saga  string    // the order all this happens for (the correlation id); the key where there is none
	Cause string    // the id of the event that led to this one; empty for the first
	Via   string    // how Cause led to it: "" consumed; "answer" of its call, "answer/3" at the third try; "deadline"
	Time  time.Time // when it was decided, UTC
	Data  any       // the payload: the E of its Type[E]
}

// Kind is a Type without its payload's type.
type Kind interface {
	// Name is the full name with its version, "payment.authorized.v1".
	Name() string
	// Decode reads the JSON payload; the result is the E of Type[E]. The payload must match this version; unknown
	// fields are allowed, as newer producers may add some. The error names the place and repeats no value.
	Decode(data []byte) (any, error)
	// Check tells whether a JSON payload matches this version exactly, as a producer must write it.
	Check(data []byte) error
	// Example is the zero payload, for those who describe the type.
	Example() any
	// KeyedBy is what the type's events are about, and so what their order is kept for.
	KeyedBy() Key
	// Latest tells that only the last event of a batch for one key matters: each carries the whole state.
	Latest() bool
	// Older are the earlier versions that read as this one; see Upcast.
	Older() []Older
}

// Type names a kind of event and fixes its payload.
type Type[E any] struct {
	name     string
	keyed    Key
	latest   bool
	older    *[]Older           // a pointer, so that types can be compared
	contract *contract.Contract // nil: a command, whose content is for its service to judge
}

// Define declares an event type of the form "<service>.<past tense>.v<version>". What E may hold is written at
// contract.Of.
func Define[E any](name string) Type[E] {
	parts := strings.Split(name, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || !strings.HasPrefix(parts[2], "v") {
		panic(fmt.Sprintf("saga: event type %q does not read <service>.<what happened>.v<version>", name))
	}
	c, err := contract.Of(reflect.TypeFor[E]())
	if err != nil {
		panic(fmt.Sprintf("saga: event type %s: %v", name, err))
	}
	return Type[E]{name: name, contract: c}
}

// Snapshot declares an event type whose events carry the whole state of their key, so that of several decided in one batch only
// the last is published.
func Snapshot[E any](name string) Type[E] {
	t := Define[E](name)
	t.latest = true
	return t
}

// Keyed declares that the type's events are about something other than an order: a product, whose key is its SKU, or a
// customer.
func (t Type[E]) Keyed(by Key) Type[E] {
	t.keyed = by
	return t
}

// Command declares a request to a service. The row that handles it treats it like an event, but it is never on a topic.
func Command[C any](name string) Type[C] {
	if strings.Contains(name, ".") {
		panic(fmt.Sprintf("saga: command %q must be one word: it is no event", name))
	}
	return Type[C]{name: name}
}

// IsCommand tells whether k was declared by Command.
func IsCommand(k Kind) bool { return !strings.Contains(k.Name(), ".") }

func (t Type[E]) Name() string { return t.name }
func (t Type[E]) Latest() bool { return t.latest }
func (t Type[E]) KeyedBy() Key {
	if t.keyed == "" {
		return Order
	}
	return t.keyed
}
func (t Type[E]) Example() any { var e E; return e }

func (t Type[E]) Decode(data []byte) (any, error) {
	if t.contract != nil {
		if err := t.contract.CheckOpen(data); err != nil {
			return nil, fmt.Errorf("%s: payload: %w", t.name, err)
		}
	}
	var e E
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("%s: payload: %w", t.name, err)
	}
	return e, nil
}

func (t Type[E]) Check(data []byte) error {
	if t.contract == nil {
		return nil
	}
	if err := t.contract.CheckClosed(data); err != nil {
		return fmt.Errorf("%s: payload: %w", t.name, err)
	}
	return nil
}

// Of makes an event about the current saga.
func (t Type[E]) Of(data E) Event { return Event{Type: t.name, Data: data} }

// About makes an event about another key than the current saga, such as a SKU.
func (t Type[E]) About(key string, data E) Event { return Event{Type: t.name, Key: key, Data: data} }

// Producer is the service whose topic carries events of this type: the first word of its name.
func Producer(eventType string) string {
	service, _, _ := strings.Cut(eventType, ".")
	return service
}

// Topic is the topic that carries events of this type: one per producing service.
func Topic(eventType string) string { return Producer(eventType) + ".events" }
