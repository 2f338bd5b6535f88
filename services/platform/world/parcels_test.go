package world_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/services/platform/world"
)

func label(kind, country, postcode string) object {
	return object{"order": "o1", "kind": kind, "pieces": 3, "ship_to": object{"name": "A", "line1": "1 High St", "city": "X",
		"postcode": postcode, "country": country}}
}

func TestParcelIsDeliveredInItsTime(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	s := c.want(200, "POST", "/carrier/v1/labels", "k1", label("outbound", "GB", "N1 1AA"))
	track := "/carrier/v1/tracking/" + s.TrackingNumber
	state := func(want string, scans int) {
		t.Helper()
		if got := c.get(track); got.State != want || len(got.Scans) != scans {
			t.Errorf("%s with scans %v, want %s with %d", got.State, got.Scans, want, scans)
		}
	}
	now.pass(time.Hour)
	state("label_created", 1)
	c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": s.TrackingNumber})
	state("in_transit", 2)
	now.pass(1900 * time.Millisecond)
	c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": s.TrackingNumber})
	if got := c.get(track).State; got != "in_transit" {
		t.Errorf("after 1.9 s: %s", got)
	}
	now.pass(4100 * time.Millisecond)
	state("delivered", 4)
	c.want(409, "DELETE", "/carrier/v1/labels/"+s.TrackingNumber, "", nil)
	c.want(404, "GET", "/carrier/v1/tracking/AP000000000GB", "", nil)
}

func TestLostPostcodeLosesTheParcel(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	s := c.want(200, "POST", "/carrier/v1/labels", "k1", label("outbound", "GB", "LOST 1"))
	c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": s.TrackingNumber})
	now.pass(6 * time.Second)
	if got := c.get("/carrier/v1/tracking/" + s.TrackingNumber).State; got != "lost" {
		t.Errorf("%s", got)
	}
}

// An order leaves in several parcels: each has its label, and what becomes of it is asked for by its number.
func TestOneOfSeveralParcelsIsLostOrRefused(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	of := func(number int, postcode string) object {
		o := label("outbound", "GB", postcode)
		o["parcel"] = object{"number": number, "of": 3}
		return o
	}
	var numbers []string
	for n := range 3 {
		s := c.want(200, "POST", "/carrier/v1/labels", fmt.Sprint("k", n), of(n+1, "lost parcel 2 "))
		c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": s.TrackingNumber})
		numbers = append(numbers, s.TrackingNumber)
	}
	now.pass(6 * time.Second)
	for n, want := range []string{"delivered", "lost", "delivered"} {
		if got := c.get("/carrier/v1/tracking/" + numbers[n]).State; got != want {
			t.Errorf("parcel %d is %s, want %s", n+1, got, want)
		}
	}
	for n, status := range []int{200, 200, 422} {
		c.want(status, "POST", "/carrier/v1/labels", fmt.Sprint("n", n), of(n+1, "NOWHERE PARCEL 3"))
	}
	c.want(200, "POST", "/carrier/v1/labels", "one", label("outbound", "GB", "NOWHERE PARCEL 1")) // it leaves in one
	c.want(400, "POST", "/carrier/v1/labels", "four", of(4, "N1 1AA"))
}

func TestReturnIsPostedByTheCustomerAndComesBack(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	s := c.want(200, "POST", "/carrier/v1/labels", "k1", object{"order": "o1", "kind": "return", "pieces": 1})
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{900 * time.Millisecond, "label_created"}, {1100 * time.Millisecond, "in_transit"}, {6 * time.Second, "delivered"}} {
		now.pass(step.wait)
		if got := c.get("/carrier/v1/tracking/" + s.TrackingNumber).State; got != step.want {
			t.Errorf("%s, want %s", got, step.want)
		}
	}
}

func TestVoidedLabelIsNotCollected(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	s := c.want(200, "POST", "/carrier/v1/labels", "k1", label("outbound", "FR", ""))
	c.want(204, "DELETE", "/carrier/v1/labels/"+s.TrackingNumber, "", nil)
	c.want(204, "DELETE", "/carrier/v1/labels/"+s.TrackingNumber, "", nil)
	c.want(409, "POST", "/carrier/v1/collections", "", object{"tracking_number": s.TrackingNumber})
	if got := c.get("/carrier/v1/tracking/" + s.TrackingNumber).State; got != "voided" {
		t.Errorf("%s", got)
	}
	c.want(404, "DELETE", "/carrier/v1/labels/XX1", "", nil)
}

func TestNoCarrierGoesWhereNobodyDelivers(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	for i, to := range [][2]string{{"AQ", ""}, {"XX", ""}, {"", ""}, {"Unspecified", ""}, {"GB", "nowhere 1"}} {
		key, country := fmt.Sprint("k", i), to[0]
		if s := c.want(422, "POST", "/carrier/v1/labels", key, label("outbound", country, to[1])); s.Code != "no_carrier" {
			t.Errorf("%q: %s", country, s.Code)
		}
		if s := c.want(422, "GET", "/carrier/v1/labels/"+key, "", nil); s.Code != "no_carrier" {
			t.Errorf("inquiry: %s", s.Code)
		}
	}
	if n := len(c.want(200, "GET", "/carrier/v1/rates?country=AQ", "", nil).Items); n != 0 {
		t.Errorf("%d rates", n)
	}
}

func TestCheapestCarrierGetsTheParcel(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	chosen := map[string]bool{}
	for i, country := range []string{"GB", "DE", "AU", "US"} {
		rates := c.want(200, "GET", "/carrier/v1/rates?pieces=3&country="+country, "", nil).Items
		s := c.want(200, "POST", "/carrier/v1/labels", fmt.Sprint("k", i), label("outbound", country, ""))
		if rates[0]["carrier"] != s.Carrier {
			t.Errorf("%s: %s takes it, %v is cheapest", country, s.Carrier, rates[0])
		}
		chosen[s.Carrier] = true
	}
	if len(chosen) < 2 {
		t.Errorf("always the same carrier: %v", chosen)
	}
}

func TestTrackingNumbersAreUniqueAndChecked(t *testing.T) {
	t.Parallel()
	c := start(t, fast)
	seen := map[string]bool{}
	for i := range 50 {
		s := c.want(200, "POST", "/carrier/v1/labels", fmt.Sprint("k", i), label("outbound", "GB", ""))
		again := c.want(200, "POST", "/carrier/v1/labels", fmt.Sprint("k", i), label("outbound", "GB", ""))
		if seen[s.TrackingNumber] || again.TrackingNumber != s.TrackingNumber {
			t.Fatalf("%s: seen before, or then %s", s.TrackingNumber, again.TrackingNumber)
		}
		seen[s.TrackingNumber] = true
		// UPU S10: eleven minus the weighted sum modulo eleven, with 0 for 10 and 5 for 11.
		sum := 0
		for i, weight := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
			sum += weight * int(s.TrackingNumber[2+i]-'0')
		}
		want := "50987654321"[sum%11]
		if s.TrackingNumber[10] != want || len(s.TrackingNumber) != 13 {
			t.Errorf("%s: check digit %c, want %c", s.TrackingNumber, s.TrackingNumber[10], want)
		}
	}
	c.want(422, "POST", "/carrier/v1/labels", "k1", label("outbound", "FR", ""))
}
