package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/shared/saga/contract"
)

// decodedAsWritten fails if Go decoded something other than the text: known fields must have their values, and unknown
// ones no effect.
func (j judge) decodedAsWritten(t *testing.T, how, payload string, value any) {
	t.Helper()
	again, err := json.Marshal(must(t, j.kind, payload))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := known(j.contract, parse(t, again)), known(j.contract, value); !reflect.DeepEqual(got, want) {
		t.Errorf("%s, %s: %.300q is read as %s", j.kind.Name(), how, payload, again)
	}
}

// known is the part of a value that the contract knows, without optional fields that are empty, which Go may leave out.
func known(c *contract.Contract, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, f := range c.Fields {
			part, there := v[f.Name]
			if !there {
				continue
			}
			part = known(f.Contract, part)
			if list, ok := part.([]any); !f.Optional || part != "" && part != json.Number("0") && part != false && (!ok || len(list) > 0) {
				out[f.Name] = part
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, known(c.Items, item))
		}
		return out
	case json.Number:
		if v == "-0" {
			return json.Number("0")
		}
	}
	return value
}
