package world_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/services/platform/world"
	"orderflow.example/services/platform/world/carrier"
	"orderflow.example/shared/httpserver"
)

// heardScans are the webhooks that a shop takes, all of them signed.
type heardScans struct {
	mu     sync.Mutex
	bodies map[string][]string // by the parcel's tracking number
	states []string
}

func (h *heardScans) listen(t *testing.T, secret []byte) (url string) {
	h.bodies = map[string][]string{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = httpserver.CheckSignature(secret, r.Header.Get(httpserver.SignatureHeader), body, time.Now())
		}
		var w carrier.Webhook
		if err == nil {
			err = json.Unmarshal(body, &w)
		}
		if err != nil || w.Data.At.After(time.Now()) {
			t.Errorf("%s: %v, of %s", body, err, w.Data.At)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.bodies[w.Data.TrackingNumber] = append(h.bodies[w.Data.TrackingNumber], string(body))
		h.states = append(h.states, w.Type)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func (h *heardScans) of(number string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies[number])
}

func TestCarriersNotifyOfLossesAndReturnedGoodsAndNotOfALabelThatWasVoided(t *testing.T) {
	t.Parallel()
	var h heardScans
	w, c := startWorld(t, world.Options{Speed: 20})
	w.NotifyOfParcels(t.Context(), h.listen(t, []byte("secret")), []byte("secret"))
	send := func(key string, body object) string {
		number := c.want(200, "POST", "/carrier/v1/labels", key, body).TrackingNumber
		if body["kind"] == "outbound" {
			c.want(204, "POST", "/carrier/v1/collections", "", object{"tracking_number": number})
		}
		return number
	}
	back := object{"order": "o1", "kind": "return", "pieces": 1}
	voided := c.want(200, "POST", "/carrier/v1/labels", "voided", back).TrackingNumber
	c.want(204, "DELETE", "/carrier/v1/labels/"+voided, "", nil)
	delivered, lost := send("k1", label("outbound", "GB", "N1 1AA")), send("k2", label("outbound", "GB", "LOST 1"))
	returned := send("k3", back)
	trial.Await(t, "both webhooks", func() (bool, string) {
		return len(h.of(lost)) == 1 && len(h.of(returned)) == 1, fmt.Sprint(h.of(lost), h.of(returned))
	})
	if got := h.of(delivered); len(got) > 0 || len(h.of(voided)) > 0 {
		t.Errorf("also notified of %s %s", got, h.of(voided))
	}
}

func TestWithFaultsScansAreShuffledRepeatedAndLost(t *testing.T) {
	t.Parallel()
	var h heardScans
	w, c := startWorld(t, world.Options{Speed: 100, Faults: true})
	w.NotifyOfParcels(t.Context(), h.listen(t, []byte("secret")), []byte("secret"))
	const parcels = 60
	for n := range parcels {
		key := fmt.Sprint("k", n)
		body := label("return", "GB", "N1 1AA")
		trial.Await(t, "a label", func() (bool, string) { // some requests fail
			status := c.ask("POST", "/carrier/v1/labels", key, body).Status
			return status == 200, fmt.Sprint(status)
		})
	}
	repeated, missing, mixed := 0, 0, 0
	trial.Await(t, "webhooks of all kinds", func() (bool, string) {
		h.mu.Lock()
		defer h.mu.Unlock()
		repeated, missing, mixed = 0, 0, 0
		for _, bodies := range h.bodies {
			unique := slices.Compact(slices.Sorted(slices.Values(bodies)))
			repeated += len(bodies) - len(unique)
			missing += 4 - len(unique)
			var states []string
			for _, b := range bodies {
				var n carrier.Webhook
				_ = json.Unmarshal([]byte(b), &n)
				states = append(states, n.Type)
			}
			if i := slices.Index(states, carrier.Delivered); i >= 0 && i < len(states)-1 {
				mixed++
			}
		}
		return repeated > 5 && mixed > 2 && len(h.states) > 4*parcels*8/10, fmt.Sprint(repeated, missing, mixed, len(h.states))
	})
	if missing == 0 {
		t.Error("none was lost")
	}
}
