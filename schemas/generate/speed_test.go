package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderflow.example/schemas"
	"orderflow.example/schemas/registry"
	"orderflow.example/schemas/storefront"
)

// BenchmarkRead measures reading the biggest payload: without any check, with ours, and with a JSON Schema validator in
// its place.
func BenchmarkRead(b *testing.B) {
	data := big(b)
	decode := func(b *testing.B) {
		var e storefront.OrderPlacedV1
		if err := json.Unmarshal(data, &e); err != nil || len(e.Lines) != 30 {
			b.Fatal(err)
		}
	}
	b.Run("unchecked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			decode(b)
		}
	})
	b.Run("contract", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := storefront.OrderPlaced.Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("contract alone", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if err := storefront.OrderPlaced.Check(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("JSON Schema", func(b *testing.B) {
		s := compile(b, registry.Schema(storefront.OrderPlaced.Name()))
		b.ReportAllocs()
		for b.Loop() {
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil || s.Validate(v) != nil {
				b.Fatal(err)
			}
			decode(b)
		}
	})
}

func TestAGoodPayloadIsCheckedWithoutGarbage(t *testing.T) {
	data := big(t)
	if n := testing.AllocsPerRun(100, func() {
		if err := storefront.OrderPlaced.Check(data); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("checking a payload makes %v allocations", n)
	}
}

// big is an order of 30 lines.
func big(t testing.TB) []byte {
	e := must(t, storefront.OrderPlaced, string(registry.Example(storefront.OrderPlaced.Name()))).(storefront.OrderPlacedV1)
	for len(e.Lines) < 30 {
		e.Lines = append(e.Lines, schemas.Line{SKU: "85123A", Quantity: 6, UnitPrice: 255})
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
