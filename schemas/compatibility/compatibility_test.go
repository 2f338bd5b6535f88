package compatibility_test

import (
	"strings"
	"testing"

	"orderflow.example/schemas/compatibility"
)

func TestReleasedSchemasReadWhatIsNewAndAreStillRead(t *testing.T) {
	t.Parallel()
	for _, p := range compatibility.Check() {
		t.Error(p)
	}
	if n := len(compatibility.Released()); n < 60 {
		t.Errorf("%d events are released: this test looks in the wrong place", n)
	}
}

const released = `{
	"$schema": "http://json-schema.org/draft-07/schema#",
	"$id": "https://orderflow.example/schemas/till.paid.v1.json",
	"title": "till.paid.v1",
	"type": "object",
	"properties": {
		"lines": {"type": "array", "minItems": 1, "items": {
			"type": "object",
			"properties": {
				"sku": {"type": "string", "minLength": 1},
				"quantity": {"type": "integer", "minimum": 1, "maximum": 9007199254740991}
			},
			"required": ["sku", "quantity"],
			"additionalProperties": false
		}},
		"rules": {"type": ["array", "null"], "items": {"type": "string"}},
		"currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
		"by": {"type": "string", "enum": ["card", "cash"]},
		"email": {"x-personal": true, "description": "Where the receipt goes", "type": "string"},
		"final": {"type": "boolean"}
	},
	"required": ["lines", "rules", "currency", "by", "final"],
	"additionalProperties": false
}`

func TestAChangePassesOnlyIfOldAndNewReadEachOther(t *testing.T) {
	t.Parallel()
	const (
		instead = ", or define till.paid.v2 beside it"
		unread  = "the schema cannot be read: "
		rewrite = "; write it in the words of schemas/generate"
	)
	for _, test := range []struct {
		name, old, new string
		want           string // the problem, without the event; empty: it passes
	}{
		{"nothing changed", ``, ``, ""},
		{"an optional field is new", `"by": {`, `"note": {"type": "string", "minLength": 3}, "by": {`, ""},
		{"an optional object is new", `"by": {`,
			`"card": {"type": "object", "properties": {"no": {"type": "string"}}, "required": ["no"],
				"additionalProperties": false}, "by": {`, ""},
		{"an optional field is new in an item", `"sku": {`, `"colour": {"type": "string"}, "sku": {`, ""},
		{"another title", `"title": "till.paid.v1"`, `"title": "Paid"`, ""},
		{"another description", `Where the`, `Whither the`, ""},
		{"no longer personal", `"x-personal": true, `, ``, ""},
		{"another order of words", `"enum": ["card", "cash"]`, `"enum": ["cash", "card"]`, ""},
		{"another order of what is required", `["sku", "quantity"]`, `["quantity", "sku"]`, ""},
		{"another order of types", `["array", "null"]`, `["null", "array"]`, ""},
		{"the other dialect", `http://json-schema.org/draft-07/schema#`, `https://json-schema.org/draft/2020-12/schema`, ""},

		{"a required field is new", `"required": ["lines", `, `"required": ["lines", "note", `,
			"note: it is new and required: older events do not have it; make it optional" + instead},
		{"a field is removed", `"email": {"x-personal": true, "description": "Where the receipt goes", "type": "string"},`, ``,
			"email: it is removed: older events that have it cannot be read; keep it" + instead},
		{"a field is renamed", `"email": {`, `"e_mail": {`, "email: it is removed: older events that have it cannot be read; keep it" +
			instead},
		{"an optional field is required", `"required": ["lines", `, `"required": ["lines", "email", `,
			"email: it was optional and is required: older events without it cannot be read; keep it optional" + instead},
		{"a required field is optional", `, "final"]`, `]`,
			"final: it was required and is optional: older readers cannot do without it; keep it required" + instead},
		{"another type", `"final": {"type": "boolean"}`, `"final": {"type": "string"}`,
			"final: its type was boolean and is string; put it back" + instead},
		{"null as well", `"final": {"type": "boolean"}`, `"final": {"type": ["boolean", "null"]}`,
			"final: its type was boolean and is boolean or null; put it back" + instead},
		{"null no more", `["array", "null"]`, `"array"`, "rules: its type was array or null and is array; put it back" + instead},
		{"another type of items", `"items": {"type": "string"}`, `"items": {"type": "integer"}`,
			"rules[]: its type was string and is integer; put it back" + instead},
		{"a value less", `["card", "cash"]`, `["card"]`,
			`by: it may not be "cash" any more: older events that say so cannot be read; keep the value` + instead},
		{"a value more", `["card", "cash"]`, `["card", "cash", "gold"]`,
			`by: it may be "gold" now: older readers refuse what is new; leave the value out` + instead},
		{"any value", `, "enum": ["card", "cash"]`, ``, "by: it may be any string now: older readers refuse what is new; put it back" +
			instead},
		{"only some values", `"final": {"type": "boolean"}`, `"final": {"type": "boolean", "enum": ["a"]}`,
			"final: it may only be one of a now: older events that say otherwise cannot be read; put it back" + instead},
		{"another pattern", `^[A-Z]{3}$`, `^[A-Z]{2,3}$`,
			"currency: its pattern was ^[A-Z]{3}$ and is ^[A-Z]{2,3}$: older events or older readers do not fit it; put it back" +
				instead},
		{"no pattern", `, "pattern": "^[A-Z]{3}$"`, ``,
			"currency: its pattern was ^[A-Z]{3}$ and is none: older readers refuse what is new; put it back" + instead},
		{"a higher minimum", `"minimum": 1`, `"minimum": 2`,
			"lines[].quantity: its minimum was 1 and is 2: older events that say otherwise cannot be read; put it back" + instead},
		{"a lower minimum", `"minimum": 1`, `"minimum": 0`,
			"lines[].quantity: its minimum was 1 and is 0: older readers refuse what is new; put it back" + instead},
		{"no minimum", `"minimum": 1, `, ``,
			"lines[].quantity: its minimum was 1 and is none: older readers refuse what is new; put it back" + instead},
		{"a lower maximum", `9007199254740991`, `100`,
			"lines[].quantity: its maximum was 9007199254740991 and is 100: older events that say otherwise cannot be read; put it back" +
				instead},
		{"a higher maximum", `9007199254740991`, `9007199254740992`,
			"lines[].quantity: its maximum was 9007199254740991 and is 9007199254740992: older readers refuse what is new; put it back" +
				instead},
		{"longer strings", `"minLength": 1`, `"minLength": 2`,
			"lines[].sku: its minLength was 1 and is 2: older events that say otherwise cannot be read; put it back" + instead},
		{"empty strings", `, "minLength": 1`, ``,
			"lines[].sku: its minLength was 1 and is 0: older readers refuse what is new; put it back" + instead},
		{"empty lists", `"minItems": 1, `, ``, "lines: its minItems was 1 and is 0: older readers refuse what is new; put it back" +
			instead},

		{"an unknown word", `"minItems": 1`, `"maxItems": 1`,
			"lines: " + unread + `"maxItems": not a word these schemas are written in` + rewrite},
		{"an unknown word in an item", `"minLength": 1`, `"format": "email"`,
			"lines[].sku: " + unread + `"format": not a word these schemas are written in` + rewrite},
		{"an unknown dialect", `draft-07`, `draft-04`,
			unread + `"$schema": want one of http://json-schema.org/draft-07/schema#, ` +
				`https://json-schema.org/draft/2020-12/schema` + rewrite},
		{"an unknown type", `"boolean"`, `"number"`,
			"final: " + unread + `"type": want object, array, string, integer, boolean, null, not "number"` + rewrite},
		{"a fractional bound", `"minimum": 1`, `"minimum": 0.5`,
			"lines[].quantity: " + unread + `"minimum": json: cannot unmarshal number 0.5 into Go value of type int64` + rewrite},
		{"null for a bound", `"minimum": 1`, `"minimum": null`,
			"lines[].quantity: " + unread + `"minimum": is null` + rewrite},
		{"an open object", `"required": ["sku", "quantity"],
			"additionalProperties": false`, `"required": ["sku", "quantity"]`,
			"lines[]: " + unread + `an object says "properties", and "additionalProperties": false` + rewrite},
		{"fields of any kind", `"required": ["sku", "quantity"],
			"additionalProperties": false`, `"additionalProperties": {"type": "string"}`,
			"lines[]: " + unread + `"additionalProperties": want false: a schema is the closed form` + rewrite},
		{"a required field that is none", `["sku", "quantity"]`, `["sku", "quantity", "price"]`,
			"lines[]: " + unread + `"price" is required and no property` + rewrite},
		{"no type", `"type": "boolean"`, `"title": "x"`,
			"final: " + unread + `"type" is missing` + rewrite},
		{"a list of anything", `, "items": {"type": "string"}`, ``,
			"rules: " + unread + `an array says "items"` + rewrite},
		{"a schema that is none", `{"type": "boolean"}`, `true`,
			"final: " + unread + `a schema is a JSON object` + rewrite},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			current := strings.Replace(released, test.old, test.new, 1)
			if test.new == `"required": ["lines", "note", ` {
				current = strings.Replace(current, `"by": {`, `"note": {"type": "string"}, "by": {`, 1)
			}
			if (test.old == test.new) != (current == released) {
				t.Fatal("the test changes nothing")
			}
			problems := compatibility.Compare("till.paid.v1", []byte(released), []byte(current))
			if test.want == "" {
				if len(problems) > 0 {
					t.Error(problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].String() != "till.paid.v1: "+test.want {
				t.Errorf("got  %v\nwant [till.paid.v1: %s]", problems, test.want)
			}
		})
	}
}

func TestAReleasedEventStays(t *testing.T) {
	t.Parallel()
	problems := compatibility.Compare("till.paid.v1", []byte(released), nil)
	if len(problems) != 1 ||
		problems[0].String() != "till.paid.v1: it is removed, and is still on topics and in open sagas; keep it, and stop emitting it" {
		t.Error(problems)
	}
}
