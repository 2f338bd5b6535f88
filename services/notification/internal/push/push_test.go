package push

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orderflow.example/schemas/storefront"
)

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	data, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAMessageIsEncryptedAsTheExampleOfRFC8291(t *testing.T) {
	t.Parallel()
	sender, err := ecdh.P256().NewPrivateKey(decoded(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := encrypt([]byte("When I grow up, I want to be a watermelon"), storefront.PushSubscription{
		P256DH: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		Auth:   "BTBZMqHH6r4Tts7J_aSIgg"}, sender, decoded(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr" +
		"u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if err != nil || base64.RawURLEncoding.EncodeToString(got) != want {
		t.Errorf("%s %v", base64.RawURLEncoding.EncodeToString(got), err)
	}
}

// service is a push service with the browser of one subscription behind it. It takes only what is signed by the shop for it.
type service struct {
	*httptest.Server
	browser *ecdh.PrivateKey
	auth    []byte
	shop    string // the key that the browser subscribed with
	status  int    // of its answers
	got     []Notice
}

func serve(t *testing.T, shop Key) *service {
	t.Helper()
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{browser: browser, auth: make([]byte, 16), shop: shop.Public, status: http.StatusCreated}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.take(r); err != nil {
			t.Error(err)
		}
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) subscription() string {
	text, _ := json.Marshal(storefront.PushSubscription{Endpoint: s.URL + "/send/1",
		P256DH: base64.RawURLEncoding.EncodeToString(s.browser.PublicKey().Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString(s.auth)})
	return string(text)
}

func (s *service) take(r *http.Request) error {
	token, key, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	point, err := decode(key)
	if err != nil || !found || key != s.shop {
		return errors.New("it is signed with another key: " + key)
	}
	_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point) },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(s.URL), jwt.WithSubject("mailto:shop@example.com"),
		jwt.WithExpirationRequired())
	if err != nil {
		return err
	}
	if r.Method != http.MethodPost || r.Header.Get("TTL") == "" || r.Header.Get("Content-Encoding") != "aes128gcm" {
		return errors.New("it is no message: " + r.Method)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) < header || len(body) > recordSize {
		return errors.Join(err, errors.New("it is no record"))
	}
	return s.decrypt(body)
}

// decrypt is what the browser does.
func (s *service) decrypt(record []byte) error {
	salt, sender, sealed := record[:16], record[21:header], record[header:]
	other, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return err
	}
	shared, err := s.browser.ECDH(other)
	if err != nil {
		return err
	}
	secret, err := hkdf.Key(sha256.New, shared, s.auth, "WebPush: info\x00"+string(s.browser.PublicKey().Bytes())+string(sender), 32)
	if err != nil {
		return err
	}
	opener, err := sealer(secret, salt)
	if err != nil {
		return err
	}
	text, err := opener.Open(nil, opener.nonce, sealed, nil)
	if err != nil || text[len(text)-1] != 2 {
		return errors.Join(err, errors.New("it is not the last record"))
	}
	var n Notice
	err = json.Unmarshal(text[:len(text)-1], &n)
	s.got = append(s.got, n)
	return err
}

// shopKey is the key of RFC 8291's application server.
func shopKey(t *testing.T) Key {
	t.Helper()
	k, err := ReadKey("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw\n", "shop@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if k.Public != "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8" {
		t.Error(k.Public)
	}
	return k
}

func TestABrowserReadsWhatItWasSentAndThePushServiceKnowsWhoSentIt(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s := serve(t, k)
	want, commits := Notice{ID: "o:confirmed", Title: "Your order is confirmed", Body: "Shop", URL: "https://shop.example.com/x"}, 0
	err := New(k, s.Client()).Send(t.Context(), s.subscription(), want, func() error { commits++; return nil })
	if err != nil || commits != 1 || len(s.got) != 1 || s.got[0] != want {
		t.Errorf("%v, %d commits, %+v", err, commits, s.got)
	}
}

func TestWhatThePushServiceAnswersDecidesWhetherTheMessageIsTriedAgain(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s := serve(t, k)
	for status, want := range map[int]error{200: nil, 201: nil, 202: nil, 410: ErrSubscription, 404: ErrSubscription,
		403: ErrSubscription, 413: ErrMessage, 400: ErrMessage, 401: errAgain, 429: errAgain, 500: errAgain, 503: errAgain,
		307: errAgain} {
		s.status = status
		if err := send(t, k, s); kind(err) != want {
			t.Errorf("%d: %v", status, err)
		}
	}
	s.Close()
	if err := send(t, k, s); kind(err) != errAgain {
		t.Errorf("nobody there: %v", err)
	}
}

func send(t *testing.T, k Key, s *service) error {
	return New(k, s.Client()).Send(t.Context(), s.subscription(), Notice{ID: "1"}, func() error { return nil })
}

// errAgain stands for every error after which the message is tried again.
var errAgain = errors.New("tried again")

func kind(err error) error {
	for _, k := range []error{ErrSubscription, ErrMessage, ErrUnknown} {
		if errors.Is(err, k) {
			return k
		}
	}
	if err != nil {
		return errAgain
	}
	return nil
}

func TestALostAnswerIsUnknownAndTheRequestIsNotSentTwice(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s, asked := serve(t, k), 0
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked > 1 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
	})
	for want := range 2 { // the second over the connection of the first
		err := send(t, k, s)
		if errors.Is(err, ErrUnknown) != (want == 1) || asked != want+1 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	}
}

func TestWithoutTheCommitNothingIsSent(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s := serve(t, k)
	done := errors.New("it was handed over before")
	if err := New(k, s.Client()).Send(t.Context(), s.subscription(), Notice{ID: "1"}, func() error { return done }); err != done ||
		len(s.got) > 0 {
		t.Errorf("%v %v", err, s.got)
	}
}

func TestSubscriptionsAndMessagesThatCannotBeAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s := serve(t, k)
	good := s.subscription()
	for name, c := range map[string]struct {
		to   string
		body string
		want error
	}{
		"none": {"", "", ErrSubscription}, "no endpoint": {`{"p256dh":"AA","auth":"AA"}`, "", ErrSubscription},
		"no key":   {strings.Replace(good, `"p256dh":"B`, `"p256dh":"C`, 1), "", ErrSubscription},
		"no auth":  {strings.Replace(good, `"auth":"`, `"auth":"A`, 1), "", ErrSubscription},
		"too long": {good, strings.Repeat("x", 4000), ErrMessage},
	} {
		err := New(k, s.Client()).Send(t.Context(), c.to, Notice{Body: c.body},
			func() error { t.Error(name, "is committed"); return nil })
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), s.URL) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "AAAA", strings.Repeat("A", 43), "no base64", strings.Repeat("_", 42) + "8",
		"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"} {
		if _, err := ReadKey(text, "shop@example.com"); err == nil || !strings.Contains(err.Error(), "no VAPID key") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCustomersCannotHaveThisMachineCallItsOwnNetwork(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	s := serve(t, k) // on this machine
	err := New(k, Public()).Send(t.Context(), s.subscription(), Notice{ID: "1"}, func() error { return nil })
	if kind(err) != errAgain || len(s.got) > 0 {
		t.Errorf("%v %v", err, s.got)
	}
}

func TestASignatureIsForOnePushServiceAndEnds(t *testing.T) {
	t.Parallel()
	k := shopKey(t)
	head, err := k.authorization("https://push.example.com", time.Now().Add(-25*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(head, "vapid t="), ", k=")
	_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return &k.private.PublicKey, nil },
		jwt.WithAudience("https://other.example.com"))
	if !errors.Is(err, jwt.ErrTokenExpired) || !errors.Is(err, jwt.ErrTokenInvalidAudience) {
		t.Error(err)
	}
}
