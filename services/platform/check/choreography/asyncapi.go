package choreography

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

// object is an object of the AsyncAPI document; its fields are written in alphabetical order.
type object = map[string]any

// AsyncAPI returns the choreography as an AsyncAPI 3.0 document: a channel for each topic, a message for each event version
// with its schema and an example, and its senders and receivers. It fails for events that the registry does not list.
func (c Choreography) AsyncAPI() (string, error) {
	channels, messages, operations := object{}, object{}, object{}
	for _, service := range c.services() {
		said := c.said(service)
		if len(said) == 0 {
			continue
		}
		carried := object{}
		for _, event := range said {
			m, err := message(event)
			if err != nil {
				return "", err
			}
			messages[event] = m
			carried[event] = ref("components/messages/" + event)
		}
		topic := saga.Topic(said[0])
		channels[service] = object{
			"address": topic, "title": topic, "messages": carried,
			"description": "What the " + service + " service says. It alone writes here.",
			"bindings":    kafka(object{"topic": topic}),
		}
		operations[service+"-sends"] = operation("send", service, service, said)
	}
	for _, service := range c.services() {
		for producer, heard := range c.heard(service) {
			if channels[producer] == nil {
				return "", fmt.Errorf("%s hears %s of %s, which says nothing", service, heard[0], producer)
			}
			operations[service+"-receives-"+producer] = operation("receive", service, producer, heard)
		}
	}
	return written(object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Orderflow", "version": "1",
			"description": "The events by which the services of Orderflow take an order from the click to the doorstep, and back: " +
				"CloudEvents 1.0 in Kafka's binary mode, ordered by key.",
			"tags": tags(c.services()),
		},
		"defaultContentType": contentType,
		"channels":           channels,
		"operations":         operations,
		"components":         object{"messages": messages, "schemas": object{"CloudEvent": headers()}},
	})
}

const contentType = "application/json"

// said lists the events that a service emits, each once, in the order declared.
func (c Choreography) said(service string) (events []string) {
	for _, m := range c.Machines {
		for _, r := range m.Rows {
			for _, e := range r.Emits {
				if m.Service == service && !slices.Contains(events, e) {
					events = append(events, e)
				}
			}
		}
	}
	return events
}

// heard lists the events that a service consumes from topics, by producer, each once, in the order declared.
func (c Choreography) heard(service string) map[string][]string {
	events := map[string][]string{}
	for _, m := range c.Machines {
		for _, r := range m.Rows {
			producer := saga.Producer(r.On)
			if m.Service == service && m.takes(r) && !slices.Contains(events[producer], r.On) {
				events[producer] = append(events[producer], r.On)
			}
		}
	}
	return events
}

func operation(action, service, producer string, events []string) object {
	list := []object{}
	for _, e := range events {
		list = append(list, ref("channels/"+producer+"/messages/"+e))
	}
	return object{
		"action": action, "channel": ref("channels/" + producer), "messages": list,
		"title": service + " " + action + "s " + saga.Topic(events[0]),
		"summary": map[string]string{"send": "What " + service + " says.",
			"receive": "What " + service + " reacts to, or shows."}[action],
		"tags": tags([]string{service}),
	}
}

func message(event string) (object, error) {
	i := slices.IndexFunc(registry.Events(), func(k saga.Kind) bool { return k.Name() == event })
	if i < 0 {
		return nil, fmt.Errorf("%s is not in the registry: it has no schema", event)
	}
	kind := registry.Events()[i]
	var about struct{ Description string }
	if err := json.Unmarshal(registry.Schema(event), &about); err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", event, err)
	}
	key, known := schemas.Keys[kind.KeyedBy()]
	if !known {
		return nil, fmt.Errorf("%s is about a %s: say in schemas.Keys what its key is", event, kind.KeyedBy())
	}
	return object{
		"name": event, "title": event, "summary": about.Description, "contentType": contentType,
		"headers": object{"allOf": []object{ref("components/schemas/CloudEvent"),
			{"type": "object", "properties": object{"ce_type": object{"const": event}}}}},
		"payload": object{"schemaFormat": "application/schema+json;version=draft-07",
			"schema": json.RawMessage(registry.Schema(event))},
		"correlationId": object{"description": "The saga: the id of the order all this happens for.",
			"location": "$message.header#/ce_correlationid"},
		"bindings": kafka(object{"key": object{"type": "string", "description": key}}),
		"examples": []object{{"name": "example", "headers": exampleHeaders(event),
			"payload": json.RawMessage(registry.Example(event))}},
	}, nil
}

func kafka(binding object) object {
	binding["bindingVersion"] = "0.5.0"
	return object{"kafka": binding}
}

func tags(names []string) (list []object) {
	for _, n := range names {
		list = append(list, object{"name": n})
	}
	return list
}

func ref(path string) object { return object{"$ref": "#/" + path} }

func written(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.String(), err
}
