package stripe

import (
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v82/webhook"
)

// tolerance is how far the time of a notification may differ from ours, both ways.
const tolerance = 300 * time.Second

// Verify checks that the Stripe-Signature header was made with the secret, for this body, within 300 s of now. The
// library's own check accepts any time in the future.
func Verify(body []byte, header string, secret string, now time.Time) error {
	var stamp string
	var signatures [][]byte
	for _, pair := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch {
		case name == "t" && stamp != "":
			return errors.New("the signature has two times")
		case name == "t":
			stamp = value
		case name == "v1": // several while the secret is being replaced
			if signature, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || stamp != strconv.FormatInt(seconds, 10) {
		return errors.New("the signature has no time")
	}
	at := time.Unix(seconds, 0)
	expected := webhook.ComputeSignature(at, body, secret)
	for _, signature := range signatures {
		if hmac.Equal(signature, expected) {
			if away := now.Sub(at); away > tolerance || away < -tolerance {
				return errors.New("the time of the signature is more than 300 s away")
			}
			return nil
		}
	}
	return errors.New("no signature fits the body and the secret")
}

// Sign is the Stripe-Signature header of a body at this time.
func Sign(body []byte, secret string, at time.Time) string {
	return "t=" + strconv.FormatInt(at.Unix(), 10) + ",v1=" + hex.EncodeToString(webhook.ComputeSignature(at, body, secret))
}
