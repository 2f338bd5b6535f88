// Package push hands messages to the push services of browsers: encrypted for the browser (RFC 8291), and signed by the shop's
// VAPID key (RFC 8292). A push service cannot be asked what it took.
package push

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/engine"
)

// The outcomes beside which the message may be tried again.
var (
	ErrSubscription = errors.New("the push service refuses the subscription")
	ErrMessage      = errors.New("the push service refuses the message")
	ErrUnknown      = errors.New("the connection was lost before the push service answered")
)

// Client is a client of all push services. It is safe for concurrent use.
type Client struct {
	key  Key
	http *http.Client
}

// New is a client that signs with the key. The HTTP client is that of Public, but in tests.
func New(key Key, http *http.Client) *Client { return &Client{key, http} }

// Notice is what the page's service worker gets, as JSON.
type Notice struct {
	ID    string `json:"id"` // of the message: it replaces one of the same, in the browser too
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url"`
}

// kept is how long a push service keeps the message for a browser that is away.
const kept = 7 * 24 * time.Hour

// Send hands the notice over to the subscription, which is a storefront.PushSubscription as JSON. Commit is called once, before
// anything is sent; with an error nothing is. nil: the push service took it. ErrSubscription, ErrMessage: it never will.
// ErrUnknown: it may have taken it. Any other error: it did not take it, and may be asked again. Errors hold no address.
func (c *Client) Send(ctx context.Context, subscription string, n Notice, commit func() error) error {
	var to storefront.PushSubscription
	at, err := addressed(subscription, &to)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSubscription, err)
	}
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	once, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	body, err := encrypt(text, to, once, salt)
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("%w: %w", ErrMessage, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrSubscription, err)
	}
	signed, err := c.key.authorization(at.Scheme+"://"+at.Host, time.Now())
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: its endpoint is no URL", ErrSubscription)
	}
	req.GetBody = nil // a request that was sent is not sent again by itself
	req.Header.Set("Authorization", signed)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("TTL", strconv.Itoa(int(kept.Seconds())))
	if err := commit(); err != nil {
		return err
	}
	return c.do(req)
}

func addressed(subscription string, to *storefront.PushSubscription) (*url.URL, error) {
	if json.Unmarshal([]byte(subscription), to) != nil {
		return nil, errors.New("it is none")
	}
	at, err := url.Parse(to.Endpoint)
	if err != nil || at.Host == "" {
		return nil, errors.New("its endpoint is no URL")
	}
	return at, nil
}

// do sends the request and judges the answer.
func (c *Client) do(req *http.Request) error {
	res, err := c.http.Do(req)
	if err != nil {
		if unsent(err) {
			return errors.New("the push service cannot be reached")
		}
		return ErrUnknown
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection is used again
	answered := fmt.Errorf("the push service answers %d", res.StatusCode)
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone, // the customer has ended it
		code == http.StatusForbidden: // it was made with another key than ours
		return fmt.Errorf("%w: %w", ErrSubscription, answered)
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%w: %w", ErrMessage, answered)
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return errors.Join(answered, engine.NotYet(min(time.Duration(seconds)*time.Second, time.Hour)))
	}
	return answered
}

// decode reads base64url, with or without padding.
func decode(text string) ([]byte, error) {
	for len(text) > 0 && text[len(text)-1] == '=' {
		text = text[:len(text)-1]
	}
	return base64.RawURLEncoding.DecodeString(text)
}
