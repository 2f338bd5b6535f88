package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"orderflow.example/schemas/storefront"
)

const (
	recordSize = 4096 // what every push service takes (RFC 8030, section 7.2)
	header     = 16 + 4 + 1 + 65
	tag        = 16
)

var errTooLong = errors.New("it is longer than push services take")

// encrypt encrypts the text for the browser of the subscription, as one record of aes128gcm (RFC 8188), with keys that both sides
// derive (RFC 8291, section 3.4). The sender's key is for this message alone.
func encrypt(text []byte, to storefront.PushSubscription, once *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(text)+1+tag > recordSize-header {
		return nil, errTooLong
	}
	point, err := decode(to.P256DH)
	if err != nil {
		return nil, errors.New("its key is not base64url")
	}
	browser, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, errors.New("its key is no point of P-256")
	}
	auth, err := decode(to.Auth)
	if err != nil || len(auth) != 16 {
		return nil, errors.New("its secret has not 16 bytes")
	}
	shared, err := once.ECDH(browser)
	if err != nil {
		return nil, err
	}
	sender := once.PublicKey().Bytes()
	secret, err := hkdf.Key(sha256.New, shared, auth, "WebPush: info\x00"+string(point)+string(sender), 32)
	if err != nil {
		return nil, err
	}
	sealed, err := sealer(secret, salt)
	if err != nil {
		return nil, err
	}
	record := binary.BigEndian.AppendUint32(slices.Clone(salt), recordSize)
	record = append(append(record, byte(len(sender))), sender...)
	const last = 2
	return sealed.seal(record, append(slices.Clone(text), last)), nil
}

// sealing encrypts and decrypts one record.
type sealing struct {
	cipher.AEAD
	nonce []byte
}

// sealer derives key and nonce of a record (RFC 8188, sections 2.2 and 2.3).
func sealer(secret, salt []byte) (s sealing, err error) {
	key, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return s, err
	}
	if s.nonce, err = hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12); err != nil {
		return s, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return s, err
	}
	s.AEAD, err = cipher.NewGCM(block)
	return s, err
}

func (s sealing) seal(to, text []byte) []byte { return s.Seal(to, s.nonce, text, nil) }
