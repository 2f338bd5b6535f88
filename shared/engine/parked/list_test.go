package parked_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"orderflow.example/shared/engine/parked"
)

func TestReasonsWithOneCauseReadTheSame(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"panic: order 01950000-0000-7000-8000-000000000000 is broken\ngoroutine 7": "panic: order … is broken",
		`unknown SKU "85123 A" of 3 lines`:                                         "unknown SKU … of … lines",
		"payment.captured.v1: 12.50 is more than -7":                               "payment.captured.v1: … is more than …",
		"mail to ann.o+x@mail.example.com, again":                                  "mail to …, again",
		"it doesn't fit 'x y' at `z`":                                              "it doesn't fit … at …",
		"lines [1 2 3]":                                                            "lines […]",
		"lines [4]":                                                                "lines […]",
		"at 2030-01-02T03:04:05.678Z, then":                                        "at …, then",
		"customer c17/eu-4 and ORDER-9":                                            "customer … and …",
		"“quoted” and an open \"quote":                                             "… and an open \"quote",
		"ERROR: new row violates check (SQLSTATE 23514)":                           "ERROR: new row violates check (SQLSTATE …)",
		"not text \xff\xfe":                                                        "not text",
		"":                                                                         "",
		"größer als 5 €":                                                           "größer als … €",
		strings.Repeat("ä", 400):                                                   strings.Repeat("ä", 150),
	} {
		if got := parked.Cause(reason); got != want {
			t.Errorf("%q reads %q, want %q", reason, got, want)
		}
	}
}

func TestListsArePagedThroughOverAllServicesAndFiltered(t *testing.T) {
	t.Parallel()
	a, b := newOwner(t, "payment"), newOwner(t, "shipping")
	for i := range 3 {
		a.park(fmt.Sprint("a", i), "boom 1")
		a.park(fmt.Sprint("a", i), "")
		b.park(fmt.Sprint("a", i), "bang 2")
	}
	b.parkAs(row{Key: "a1", Form: parked.FormCall, Type: "shipping.label_requested.v1", Reason: "no"})
	both := services(a, b)
	list := func(f parked.Filter) (found []string) {
		from := parked.Cursor{}
		for {
			items, next, err := both.List(t.Context(), f, from, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				found = append(found, fmt.Sprintf("%s/%s+%d", i.Service, i.Order, i.Behind))
			}
			if next == nil {
				return found
			}
			from = *next
		}
	}
	group := b.group("bang …")
	const shipped = "shipping/a0+0 shipping/a1+0 shipping/a2+0 shipping/a1+0"
	for want, f := range map[string]parked.Filter{
		"payment/a0+1 payment/a0+0 payment/a1+1 payment/a1+0 payment/a2+1 payment/a2+0 " + shipped: {},
		"payment/a0+1 payment/a1+1 payment/a2+1 " + shipped:                                        {Heads: true},
		"payment/a1+1 payment/a1+0 shipping/a1+0 shipping/a1+0":                                    {Order: "a1"},
		"payment/a1+1 payment/a1+0":                                                                {Service: "payment", Key: "a1"},
		"shipping/a1+0":                                                                            {Form: parked.FormCall},

		"payment/a2+1 payment/a2+0 shipping/a2+0":   {Type: "payment.captured.v1", Order: "a2"},
		"shipping/a0+0 shipping/a1+0 shipping/a2+0": {Group: group.ID},
		"": {Group: "none"},
	} {
		if got := strings.Join(list(f), " "); got != want {
			t.Errorf("%+v: got %s, want %s", f, got, want)
		}
	}
	_, _, err := both.List(t.Context(), parked.Filter{Service: "nobody"}, parked.Cursor{}, 2)
	refused(t, err, parked.Invalid, "there are: payment, shipping")
}

func TestNothingPersonalIsShown(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	n := o.park("a", "panic: no mail to ann@example.com, sorry")
	o.park("a", "")
	details, err := services(o).Show(t.Context(), "", "a")
	if err != nil || len(details) != 2 {
		t.Fatal(details, err)
	}
	data, err := json.Marshal(details[0].Data)
	if want := `{"amount":12345678901234567,"email":"…","lines":"[2]","ship_to":"{…}","…":true}`; err != nil ||
		string(data) != want {
		t.Errorf("the payload is shown as %s, want %s", data, want)
	}
	items, _, err := services(o).List(t.Context(), parked.Filter{}, parked.Cursor{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	groups, _, err := services(o).Groups(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	byNumber, err := services(o).ShowNumber(t.Context(), "payment", n)
	if err != nil || len(byNumber) != 2 {
		t.Fatal(byNumber, err)
	}
	dry := o.redrive(parked.Request{All: true, DryRun: true})
	all, err := json.Marshal([]any{details, items, groups, byNumber, dry})
	if err != nil || strings.Contains(string(all), "example.com") || strings.Contains(string(all), "Ann") {
		t.Errorf("shown is %s", all)
	}
	_, err = services(o).Show(t.Context(), "", "gone")
	refused(t, err, parked.NotFound, "not any more")
}
