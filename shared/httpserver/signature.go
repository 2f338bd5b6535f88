package httpserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader is the header of a signed webhook: t=SECONDS,v1=HEX, where HEX is the HMAC-SHA256 of "SECONDS.BODY". While a
// secret is replaced there may be several v1.
const SignatureHeader = "Webhook-Signature"

// signedWithin is how far the time of a signature may be from ours, before and after.
const signedWithin = 300 * time.Second

// ErrSignature is the fault of a webhook that was not signed with the secret, or not now. It never holds the signature.
var ErrSignature = errors.New("the signature is not valid")

// Sign is the value of SignatureHeader for a body sent at that time.
func Sign(secret, body []byte, at time.Time) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac(secret, seconds, body))
}

// CheckSignature checks a SignatureHeader against the raw body. The error is an ErrSignature and says what to correct.
func CheckSignature(secret []byte, header string, body []byte, now time.Time) error {
	seconds, sums := "", [][]byte(nil)
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if seconds != "" {
				return fmt.Errorf("%w: want one t", ErrSignature)
			}
			seconds = value
		case "v1":
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size || len(sums) == 8 {
				return fmt.Errorf("%w: want v1 as 64 hexadecimal digits, at most 8 times", ErrSignature)
			}
			sums = append(sums, sum)
		}
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != seconds || sums == nil {
		return fmt.Errorf("%w: want t=SECONDS,v1=HEX", ErrSignature)
	}
	want, signed := mac(secret, seconds, body), false
	for _, sum := range sums {
		signed = hmac.Equal(sum, want) || signed
	}
	away := now.Unix() - at
	switch limit := int64(signedWithin / time.Second); {
	case !signed:
		return fmt.Errorf("%w: want the HMAC-SHA256 of t.BODY with the secret of this endpoint", ErrSignature)
	case away > limit || away < -limit:
		return fmt.Errorf("%w: t is more than %d s from our time", ErrSignature, limit)
	}
	return nil
}

func mac(secret []byte, seconds string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(seconds))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}
