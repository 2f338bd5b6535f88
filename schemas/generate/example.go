package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/contract"
)

// values are the values of fields that occur in events of several services; others have a tag, example:"…".
//
// The examples are one order: six light holders at 2.55, from the click to the doorstep and back. The persons in them are
// invented.
var values = map[string]any{
	"amount":          1530,
	"attempt":         "019e5a3c-1a40-7c52-9d0e-4b7f10c2a001",
	"available":       34,
	"backorderable":   true,
	"by":              "customer",
	"carrier":         "Albion Post",
	"city":            "Leeds",
	"complete":        true,
	"country":         "GB",
	"currency":        "GBP",
	"customer_id":     "10001",
	"card":            "card_3e1d5c0a9b7f2468",
	"description":     "WHITE HANGING HEART T-LIGHT HOLDER",
	"detail":          "there is no country XX",
	"dispute_id":      "dp_00000000000003e9",
	"email":           "ada.sample@example.com",
	"fill_policy":     "fill_all",
	"final":           false,
	"fingerprint":     "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	"line1":           "12 Canal Row",
	"line2":           "Flat 3",
	"name":            "Ada Sample",
	"on_hand":         40,
	"operator":        "operator-7",
	"order_id":        "019e5a3b-9c12-7a40-b2d1-5e6f70819007",
	"orders":          20,
	"payment_token":   "tok_ok",
	"postcode":        "LS1 4AP",
	"quantity":        6,
	"reason":          "customer_request",
	"receipt_id":      "delivery-2026-03-01-17",
	"ref":             "019e5a3c-2b11-7e08-8c44-90d2b6a3f002",
	"reference":       "auth_5f3a9c1e",
	"refund_id":       "019e5a41-77d0-7a15-b3a9-6c1e2f40d003",
	"reorder_point":   20,
	"replenishes":     "019e5a3f-0c9b-7b61-a5d7-3e8c94b1e004",
	"requested":       6,
	"reserved":        6,
	"return_id":       "019e5a40-5e2f-7d33-9f18-a2b4c6d8e005",
	"rules":           "amount",
	"score":           45,
	"shipment_id":     "019e5a3d-8f64-7f90-8a2b-17d3e5f7a006",
	"sku":             "85123A",
	"status":          "confirmed",
	"step":            "inventory.reserved",
	"text":            "Your order is confirmed, for 15.30 GBP.",
	"tracking_number": "AP4F21C09D7E",
	"unit_price":      255,
	"warehouse":       "leeds",
	"within_seconds":  3600,
}

// special are values for one event, by its name without version, or one struct only. nil leaves the field out.
var special = map[string]any{
	"Next.by":                                    "us",
	"Next.text":                                  "We pack your parcel.",
	"Shortage.available":                         4,
	"catalog.price_changed.amount":               295,
	"catalog.product_listed.amount":              255,
	"fraud.cleared.by":                           "operator",
	"fraud.rejected.by":                          "operator",
	"inventory.rejected.reason":                  "out_of_stock",
	"inventory.replenishment_requested.quantity": 40,
	"inventory.stocked.quantity":                 40,
	"order.cancellation_refused.reason":          "handed_over",
	"order.cancelled.by":                         "payment",
	"order.cancelled.reason":                     "payment_declined",
	"order.extended.reason":                      "in_review",
	"order.progressed.ref":                       nil,
	"order.rejected.reason":                      "unknown_country",
	"order.status_changed.reason":                nil,
	"payment.capture_failed.reason":              "expired",
	"payment.charged_back.reason":                "fraudulent",
	"payment.declined.reason":                    "insufficient_funds",
	"payment.readied.by":                         "goods",
	"payment.readied.payment_token":              nil,
	"payment.refund_reversed.reason":             "card_closed",
	"refund.failed.reason":                       "returned",
	"refund.issued.reason":                       "returned",
	"refund.readied.by":                          "returned",
	"refund.readied.captured":                    nil,
	"refund.readied.reference":                   nil,
	"refund.requested.reason":                    "returned",
	"shipping.readied.by":                        "parcel",
	"shipping.rejected.reason":                   "no_carrier",
	"shipping.return_refused.reason":             "not_delivered",
	"shipping.withdrawal_refused.reason":         "handed_over",
	"storefront.return_requested.reason":         "one arrived broken",
	"warehouse.purchase_ordered.quantity":        40,
	"warehouse.stock_received.quantity":          40,
}

// exampleOf returns a realistic payload.
func exampleOf(kind saga.Kind) (any, error) {
	name := kind.Name()[:strings.LastIndex(kind.Name(), ".")]
	v := reflect.New(reflect.TypeOf(kind.Example())).Elem()
	c, err := contract.Of(v.Type())
	if err != nil {
		return nil, err
	}
	return v.Addr().Interface(), fill(v, c, name)
}

// fill gives every field of the struct its value.
func fill(v reflect.Value, c *contract.Contract, event string) error {
	for _, f := range c.Fields {
		own, _ := v.Type().FieldByName(f.GoName)
		if tag, given := own.Tag.Lookup("example"); given {
			if err := parsed(v.FieldByName(f.GoName), tag); err != nil {
				return fmt.Errorf("the example value of %s: %w", f.Name, err)
			}
			continue
		}
		if err := set(v.FieldByName(f.GoName), f.Contract, event, f.Name, v.Type().Name()); err != nil {
			return err
		}
	}
	return nil
}

// parsed returns the value in a field's tag, as huma reads such tags: a string as it is, all else as JSON.
func parsed(v reflect.Value, tag string) error {
	if v.Kind() == reflect.String {
		v.SetString(tag)
		return nil
	}
	return json.Unmarshal([]byte(tag), v.Addr().Interface())
}

func set(v reflect.Value, c *contract.Contract, event, field, owner string) error {
	value, known := values[field]
	for _, key := range []string{event + "." + field, owner + "." + field} {
		if s, ok := special[key]; ok {
			value, known = s, true
		}
	}
	if known && value == nil {
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return fill(v, c, event)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return set(v.Elem(), c, event, field, owner)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return set(v.Index(0), c.Items, event, field, owner)
	}
	if !known {
		return fmt.Errorf("no example value for %s: give the field a tag, example:\"…\"", field)
	}
	given := reflect.ValueOf(value)
	if !given.CanConvert(v.Type()) || (given.Kind() == reflect.String) != (v.Kind() == reflect.String) {
		return fmt.Errorf("the example value of %s, %v, is no %s", field, value, v.Type())
	}
	v.Set(given.Convert(v.Type()))
	return nil
}
