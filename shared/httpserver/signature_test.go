package httpserver

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestASignatureOfTheSecretNowIsValidAndTenThousandOthersAreNot(t *testing.T) {
	t.Parallel()
	secret, body, now := []byte("a secret of the two parties"), []byte(`{"id":"evt_1","type":"captured"}`),
		time.Unix(1_800_000_000, 0)
	good := Sign(secret, body, now)
	for _, away := range []time.Duration{0, 300 * time.Second, -300 * time.Second} {
		if err := CheckSignature(secret, Sign(secret, body, now.Add(away)), body, now); err != nil {
			t.Errorf("signed %v from now: %v", away, err)
		}
	}
	rotated := good + ",v1=" + strings.Repeat("0", 64)
	if err := CheckSignature(secret, rotated, body, now); err != nil {
		t.Errorf("with the signature of another secret beside it: %v", err)
	}
	luck := rand.New(rand.NewPCG(1, 2))
	flip := func(text string) string {
		bytes := []byte(text)
		bytes[luck.IntN(len(bytes))] ^= 1 << luck.IntN(8)
		return string(bytes)
	}
	for i := range 10_000 {
		header, said, key := good, string(body), secret
		switch i % 5 {
		case 0:
			said = flip(said)
		case 1:
			if header = flip(header); strings.EqualFold(header, good) { // hexadecimal digits have two cases
				continue
			}
		case 2:
			header = Sign(key, body, now.Add(time.Duration(301+luck.IntN(1e6))*time.Second))
		case 3:
			header = Sign(key, body, now.Add(-time.Duration(301+luck.IntN(1e6))*time.Second))
		case 4:
			header = Sign([]byte(flip(string(secret))), body, now)
		}
		if err := CheckSignature(secret, header, []byte(said), now); !errors.Is(err, ErrSignature) {
			t.Fatalf("%q of %q: %v", header, said, err)
		}
	}
	for _, header := range []string{"", "t=", "v1=", good[:20], "t=1800000000", strings.Replace(good, "t=", "t=0", 1),
		good + "," + good,
		strings.Replace(good, "v1", "v0", 1), "t=9223372036854775807,v1=" + strings.Repeat("0", 64)} {
		if err := CheckSignature(secret, header, body, now); !errors.Is(err, ErrSignature) {
			t.Errorf("%q: %v", header, err)
		}
	}
}
