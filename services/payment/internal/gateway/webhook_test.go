package gateway

import (
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"orderflow.example/shared/httpserver/webhook"
)

func TestAWebhookThatCannotBeCheckedIsToBeSentAgain(t *testing.T) {
	t.Parallel()
	w := Webhooks{Secret: func() ([]byte, error) { return nil, os.ErrNotExist }}
	if _, err := w.Read(t.Context(), http.Header{}, nil, time.Now()); !errors.Is(err, webhook.ErrUnavailable) {
		t.Errorf("got %v, want an ErrUnavailable: the sender has done nothing wrong", err)
	}
}
