package push

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Key is the shop's VAPID key, and how push services reach the shop.
type Key struct {
	private *ecdsa.PrivateKey
	contact string
	Public  string // what browsers subscribe with, in base64url
}

// signed is how long a signature counts; at most a day.
const signed = 12 * time.Hour

// ReadKey reads a private key as web-push generate-vapid-keys prints it: the 32 bytes of its number in base64url.
func ReadKey(text, contact string) (k Key, err error) {
	number, err := decode(strings.TrimSpace(text))
	if err != nil || len(number) != 32 {
		return k, errors.New("it is no VAPID key: want the private one that `npx web-push generate-vapid-keys` prints, " +
			"32 bytes in base64url")
	}
	if k.private, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), number); err != nil {
		return k, errors.New("it is no VAPID key: its number is none of P-256")
	}
	point, err := k.private.PublicKey.Bytes()
	k.Public, k.contact = base64.RawURLEncoding.EncodeToString(point), "mailto:"+contact
	return k, err
}

// authorization is the header that tells the push service of this origin who asks.
func (k Key) authorization(origin string, now time.Time) (string, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"aud": origin, "exp": now.Add(signed).Unix(), "sub": k.contact}).SignedString(k.private)
	if err != nil {
		return "", fmt.Errorf("push: sign: %w", err)
	}
	return "vapid t=" + token + ", k=" + k.Public, nil
}
