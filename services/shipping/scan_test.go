package shipping_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func scan(state shipping.ScanState, number string) shipping.Scan {
	return shipping.Scan{ID: "scan", State: state, Order: "o", TrackingNumber: number}
}

func record(n shipping.Scan) saga.Event { return shipping.RecordScan.Of(n) }

func TestAScanIsDecidedOnAsTheCarriersAnswerAndWhicheverIsFirstCounts(t *testing.T) {
	t.Parallel()
	lost := event.Lost.Of(event.LostV1{ShipmentID: "event-1", Lines: lines})
	sagatest.Given(t, machine, asked, prepared, dispatched).
		When(record(scan(shipping.ScanDelivered, "T1"))).Then(delivered).
		Answered(event.Dispatched, shipping.DeliverAnswer{}).Then().
		When(record(scan(shipping.ScanDelivered, "T1"))).Then().
		When(record(scan(shipping.ScanLost, "T1"))).Then()
	sagatest.Given(t, machine, asked, prepared, dispatched).
		Answered(event.Dispatched, shipping.DeliverAnswer{Lost: true}).Then(lost).
		When(record(scan(shipping.ScanLost, "T1"))).Then().
		When(record(scan(shipping.ScanDelivered, "T1"))).Then()
	atHome(t, returnLabel("r1", part(1, 1)), authorized("r1", part(1, 1))).
		When(record(scan(shipping.ScanInTransit, "back-r1"))).Then().
		When(record(scan(shipping.ScanDelivered, "back-r1"))).Then(received("r1", part(1, 1))).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then()
	atHome(t, returnLabel("r1", part(1, 1)), authorized("r1", part(1, 1))).
		When(record(scan(shipping.ScanLost, "back-r1"))).Then(refused("r1", "not_received"))
}

func TestAScanThatDoesNotFitChangesNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	state := func(past ...saga.Event) shipping.Shipment {
		return sagatest.Given(t, machine, past...).State().(shipping.Shipment)
	}
	gone := state(asked, prepared, dispatched)
	for _, c := range []struct {
		of   shipping.Shipment
		scan shipping.Scan
		want string
	}{
		{gone, scan("teleported", "T1"), shipping.IgnoredUnknownType},
		{gone, scan(shipping.ScanDelivered, "T2"), shipping.IgnoredUnknownParcel},
		{gone, scan(shipping.ScanDelivered, ""), shipping.IgnoredUnknownParcel},
		{state(), scan(shipping.ScanDelivered, "T1"), shipping.IgnoredUnknownParcel},
		{state(), scan(shipping.ScanDelivered, ""), shipping.IgnoredUnknownParcel},
		{state(asked), scan(shipping.ScanDelivered, "T1"), shipping.IgnoredUnknownParcel}, // its number is not known yet
		{state(asked, prepared), scan(shipping.ScanDelivered, "T1"), shipping.IgnoredEarly},
		{gone, scan(shipping.ScanLabelled, "T1"), shipping.IgnoredNoted},
		{gone, scan(shipping.ScanInTransit, "T1"), shipping.IgnoredNoted},
		{gone, scan(shipping.ScanOut, "T1"), shipping.IgnoredNoted},
		{gone, scan(shipping.ScanVoided, "T1"), shipping.IgnoredNoted},
		{state(asked, prepared, dispatched, delivered), scan(shipping.ScanDelivered, "T1"), shipping.IgnoredSettled},
		{state(asked, prepared, withdrawn("")), scan(shipping.ScanDelivered, "T1"), shipping.IgnoredSettled},
		{gone, scan(shipping.ScanDelivered, "T1"), ""},
		{gone, scan(shipping.ScanLost, "T1"), ""},
	} {
		if got := shipping.Ignored(c.of, c.scan); got != c.want {
			t.Errorf("%s %q of %+v: %q, want %q", c.scan.State, c.scan.TrackingNumber, c.of.Parcels, got, c.want)
		}
	}
}

// Whatever order the answers of the carrier and its scans come in, each up to three times, the end is that of the answers alone.
func TestScansAndAnswersInAnyOrderLeadToWhereTheAnswersLead(t *testing.T) {
	t.Parallel()
	ends := map[shipping.Status]int{}
	for seed := range uint64(2000) {
		luck := rand.New(rand.NewPCG(seed, 15))
		lost, onlyScans := seed%5 == 0, seed%3 == 0
		state := shipping.ScanDelivered
		if lost {
			state = shipping.ScanLost
		}
		plain := sagatest.Given(t, machine, asked, prepared, dispatched)
		plain.Answered(event.Dispatched, shipping.DeliverAnswer{Lost: lost})
		mixed := sagatest.Given(t, machine, asked, prepared, dispatched)
		var said []func()
		for _, s := range []shipping.ScanState{shipping.ScanLabelled, shipping.ScanInTransit, shipping.ScanOut, state} {
			for range 1 + luck.IntN(3) {
				said = append(said, func() { mixed.When(record(scan(s, "T1"))) })
			}
		}
		if !onlyScans {
			said = append(said, func() { mixed.Answered(event.Dispatched, shipping.DeliverAnswer{Lost: lost}) })
		}
		luck.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
		ended := 0
		for _, say := range said {
			say()
			ended += len(slices.DeleteFunc(slices.Clone(mixed.Emitted()), func(e saga.Event) bool {
				return e.Type != event.Delivered.Name() && e.Type != event.Lost.Name()
			}))
		}
		if ended != 1 || !reflect.DeepEqual(mixed.State(), plain.State()) {
			t.Fatalf("seed %d: ended %d times, as %+v, not %+v", seed, ended, mixed.State(), plain.State())
		}
		ends[only(mixed).Status]++
	}
	if ends[shipping.Lost] == 0 || ends[shipping.Delivered] == 0 {
		t.Errorf("%v", ends)
	}
}
