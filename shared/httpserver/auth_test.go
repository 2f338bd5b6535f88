package httpserver_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"orderflow.example/shared/httpserver"
)

var key = bytes.Repeat([]byte("k"), 32)

func signed(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
	now := time.Now()
	claims := jwt.MapClaims{"iss": "orderflow", "aud": httpserver.AudienceCustomers, "sub": "c1",
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Add(-time.Hour).Unix()}
	if change != nil {
		change(claims)
	}
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		panic(err)
	}
	return token
}

func TestOnlyTheRightTokenPasses(t *testing.T) {
	t.Parallel()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		who := func(c *gin.Context) { c.String(200, httpserver.Subject(c.Request.Context())) }
		e.GET("/customer", auth.RequireCustomer(), who)
		e.GET("/operator", auth.RequireOperator(), who)
	})
	customer, err := httpserver.Mint(key, httpserver.AudienceCustomers, "c1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if response, body := call(t, "GET", url+"/customer", "", "Authorization", "bearer "+customer); response.StatusCode != 200 ||
		body != "c1" {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	without := func(claim string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, claim) } }
	with := func(claim string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) { c[claim] = value }
	}
	hs := jwt.SigningMethodHS256
	tampered := customer[:len(customer)-4] + "AAAA"
	for name, header := range map[string]string{
		"none":            "",
		"basic":           "Basic YTpi",
		"garbage":         "Bearer x.y.z",
		"tampered":        "Bearer " + tampered,
		"alg none":        "Bearer " + signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"HS512":           "Bearer " + signed(jwt.SigningMethodHS512, key, nil),
		"other key":       "Bearer " + signed(hs, bytes.Repeat([]byte("x"), 32), nil),
		"no exp":          "Bearer " + signed(hs, key, without("exp")),
		"no nbf":          "Bearer " + signed(hs, key, without("nbf")),
		"no iss":          "Bearer " + signed(hs, key, without("iss")),
		"no aud":          "Bearer " + signed(hs, key, without("aud")),
		"no sub":          "Bearer " + signed(hs, key, without("sub")),
		"other issuer":    "Bearer " + signed(hs, key, with("iss", "else")),
		"expired":         "Bearer " + signed(hs, key, with("exp", time.Now().Add(-time.Second).Unix())),
		"not yet":         "Bearer " + signed(hs, key, with("nbf", time.Now().Add(time.Minute).Unix())),
		"operators' here": "Bearer " + signed(hs, key, with("aud", httpserver.AudienceOperators)),
	} {
		response, body := call(t, "GET", url+"/customer", "", "Authorization", header)
		wantProblem(t, response, body, 401, "unauthorized")
		if !strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: WWW-Authenticate is %q", name, response.Header.Get("WWW-Authenticate"))
		}
		if token, _ := strings.CutPrefix(header, "Bearer "); len(token) > 5 && strings.Contains(body, token) {
			t.Errorf("%s: the token is repeated", name)
		}
	}
	if response, body := call(t, "GET", url+"/operator", "", "Authorization",
		"Bearer "+customer); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a customer's token was not refused on the operators' route: %s", body)
	}
}

func TestShortKeysAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := httpserver.NewAuth(key[:31]); err == nil {
		t.Error("NewAuth took 31 bytes")
	}
	if _, err := httpserver.Mint(nil, httpserver.AudienceCustomers, "c", time.Minute); err == nil {
		t.Error("Mint took no key")
	}
}

func TestCursorsComeBackAndForgedOnesAreRefused(t *testing.T) {
	t.Parallel()
	type position struct {
		At int64  `json:"at"`
		ID string `json:"id"`
	}
	want, got := position{7, "a"}, position{}
	if err := httpserver.DecodeCursor(httpserver.EncodeCursor(want), &got); err != nil || got != want {
		t.Errorf("got %v %v", got, err)
	}
	for _, cursor := range []string{"", "!", "AAAA", httpserver.EncodeCursor([]int{1}),
		httpserver.EncodeCursor(map[string]string{"at": "x"})} {
		if httpserver.DecodeCursor(cursor, &got) == nil {
			t.Errorf("accepted %q", cursor)
		}
	}
}
