package stripe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheAddressOfWhatStandsInForStripeMayHaveAPath(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/stripe/v1/payment_intents/pi_1", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, onHold)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/sim/stripe", "/sim/stripe/"} {
		if intent, err := client(t, server.URL+path).read(t.Context(), "pi_1"); err != nil || intent.ID != "pi_1" {
			t.Errorf("%s: %+v, %v", path, intent, err)
		}
	}
}
