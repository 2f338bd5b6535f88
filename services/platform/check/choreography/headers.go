package choreography

import "orderflow.example/shared/saga"

// headers describes the attributes of CloudEvents in Kafka's binary mode, and two further headers.
func headers() object {
	text := func(description string) object { return object{"type": "string", "description": description} }
	pattern := func(pattern, description string) object {
		return object{"type": "string", "pattern": pattern, "description": description}
	}
	return object{
		"type": "object",
		"properties": object{
			"ce_specversion":   object{"type": "string", "const": "1.0"},
			"ce_id":            text("UUIDv7; the same when a record is published again."),
			"ce_source":        text("The producing service, as /payment."),
			"ce_type":          text("The event and its version, as payment.authorized.v1."),
			"ce_time":          object{"type": "string", "format": "date-time", "description": "When it was decided, UTC."},
			"ce_subject":       text("What the event is about: the key."),
			"ce_dataschema":    object{"type": "string", "format": "uri", "description": "The $id of the payload's schema."},
			"ce_sequence":      pattern("^[1-9][0-9]*$", "Counts the records of the producer in this partition, without a hole."),
			"ce_correlationid": text("The saga: the id of the order all this happens for."),
			"ce_causationid":   text("The id of the event that led to this one; absent for the first."),
			"ce_via": pattern("^(answer(/[1-9][0-9]*)?|deadline)$",
				"How that event led to this one: by the answer to its call, at which try, or by its deadline; absent if consumed."),
			"traceparent":  text("W3C trace context: the saga is the trace, the event a span of it."),
			"content-type": object{"type": "string", "const": contentType},
		},
		"required": []string{"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_sequence", "content-type"},
	}
}

func exampleHeaders(event string) object {
	return object{
		"ce_specversion": "1.0", "ce_id": "019e5a3c-9d70-7c04-b1f5-0a2c4e6d8f01", "ce_source": "/" + saga.Producer(event),
		"ce_type": event, "ce_time": "2026-03-01T10:15:30.123456Z", "ce_sequence": "1207", "content-type": contentType,
		"ce_correlationid": "019e5a3c-0b52-7e1f-8c3d-5f7a9b1d3e02", "ce_dataschema": "https://orderflow.example/schemas/" + event +
			".json",
	}
}
