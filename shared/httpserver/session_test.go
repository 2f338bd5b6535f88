package httpserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// desk is a listener with sessions and two routes for operators.
func desk(t *testing.T, consoleURL string) (url string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := auth.AcceptSessions(consoleURL)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, httpserver.Options{CheckHost: true, Addr: "127.0.0.1:0"}, func(e *gin.Engine) {
		e.POST("/session", sessions.Open)
		e.GET("/session", sessions.Show)
		e.DELETE("/session", sessions.Close)
		who := func(c *gin.Context) { c.JSON(200, httpserver.Subject(c.Request.Context())) }
		e.GET("/v1/x", auth.RequireOperator(), who)
		e.POST("/v1/x", auth.RequireOperator(), who)
	})
}

func minted(t *testing.T, audience string, scope httpserver.Scope, ttl time.Duration) string {
	t.Helper()
	token, err := httpserver.MintScoped(key, audience, "ann", scope, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

const sendsJSON = "application/json"

// signIn returns the cookie that the body gets.
func signIn(t *testing.T, url, body string) *http.Cookie {
	t.Helper()
	response, text := call(t, "POST", url+"/session", body, "Content-Type", sendsJSON)
	if response.StatusCode != 204 || len(response.Cookies()) != 1 {
		t.Fatalf("got %d %s %v", response.StatusCode, text, response.Cookies())
	}
	return response.Cookies()[0]
}

func TestASessionStandsForItsTokenUntilItIsClosed(t *testing.T) {
	t.Parallel()
	url := desk(t, "")
	token := minted(t, httpserver.AudienceOperators, httpserver.ReadOnly, time.Hour)
	cookie := signIn(t, url, `{"token":"`+token+`"}`)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.MaxAge > 3600 {
		t.Errorf("the cookie is %v", cookie)
	}
	with := cookie.Name + "=" + cookie.Value
	_, body := call(t, "GET", url+"/session", "", "Cookie", with)
	for _, part := range []string{`"signed_in":true`, `"subject":"ann"`, `"scope":"read"`, `"expires_at"`} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	if response, body := call(t, "GET", url+"/v1/x", "", "Cookie", with); response.StatusCode != 200 || body != `"ann"` ||
		response.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("got %d %s %v", response.StatusCode, body, response.Header)
	}
	if response, _ := call(t, "POST", url+"/v1/x", "{}", "Cookie", with, "Content-Type", sendsJSON); response.StatusCode != 403 {
		t.Errorf("who may only read changed something: %d", response.StatusCode)
	}
	foreign, _ := call(t, "DELETE", url+"/session", "", "Cookie", with, "Origin", "https://evil.example")
	if foreign.StatusCode != 403 {
		t.Errorf("a stranger's page signed the operator out: %d", foreign.StatusCode)
	}
	if response, _ := call(t, "DELETE", url+"/session", "", "Cookie", with); response.StatusCode != 204 {
		t.Errorf("signing out: %d", response.StatusCode)
	}
	if response, _ := call(t, "GET", url+"/v1/x", "", "Cookie", with); response.StatusCode != 401 {
		t.Errorf("a copy of the cookie of an ended session: %d", response.StatusCode)
	}
	if _, body := call(t, "GET", url+"/session", "", "Cookie", with); body != `{"signed_in":false}` {
		t.Errorf("got %s", body)
	}
}

func TestALinkOpensTheConsoleOnceAndSoon(t *testing.T) {
	t.Parallel()
	url := desk(t, "")
	link, err := httpserver.SignInLink(key, url+"/", "ann", httpserver.ReadWrite)
	if err != nil || !strings.HasPrefix(link, url+"/sign-in#code=") {
		t.Fatal(link, err)
	}
	_, code, _ := strings.Cut(link, "#code=")
	cookie := signIn(t, url, `{"code":"`+code+`"}`)
	for name, c := range map[string]struct{ code, says string }{
		"used":    {code, "used already"},
		"expired": {minted(t, httpserver.AudienceConsoleLogin, httpserver.ReadWrite, -time.Second), "expired"},
		"a token": {minted(t, httpserver.AudienceOperators, httpserver.ReadWrite, time.Hour), "not one of this installation"},
		"cookie":  {cookie.Value, "not one of this installation"},
	} {
		response, body := call(t, "POST", url+"/session", `{"code":"`+c.code+`"}`, "Content-Type", sendsJSON)
		if response.StatusCode != 401 || !strings.Contains(body, c.says) || len(response.Cookies()) != 0 {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
}

func TestSigningInIsRefusedWithoutOneGoodCredentialFromOurOwnPage(t *testing.T) {
	t.Parallel()
	url := desk(t, "")
	token := minted(t, httpserver.AudienceOperators, httpserver.ReadWrite, time.Hour)
	good := `{"token":"` + token + `"}`
	for name, c := range map[string]struct {
		body    string
		status  int
		headers []string
	}{
		"neither":       {`{}`, 422, nil},
		"both":          {`{"token":"a","code":"b"}`, 422, nil},
		"not JSON":      {`{`, 400, nil},
		"a customer":    {`{"token":"` + minted(t, httpserver.AudienceCustomers, "", time.Hour) + `"}`, 401, nil},
		"expired":       {`{"token":"` + minted(t, httpserver.AudienceOperators, "", -time.Hour) + `"}`, 401, nil},
		"another port":  {good, 403, []string{"Sec-Fetch-Site", "same-site"}},
		"another site":  {good, 403, []string{"Origin", "https://evil.example"}},
		"a form's type": {good, 415, []string{"Content-Type", "text/plain"}},
	} {
		headers := append([]string{"Content-Type", sendsJSON}, c.headers...)
		if response, body := call(t, "POST", url+"/session", c.body, headers...); response.StatusCode != c.status ||
			len(response.Cookies()) != 0 {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
}

func TestBehindTLSTheCookieIsSentOverTLSOnly(t *testing.T) {
	t.Parallel()
	url := desk(t, "https://console.example")
	token := minted(t, httpserver.AudienceOperators, httpserver.ReadWrite, 100*time.Hour)
	cookie := signIn(t, url, `{"token":"`+token+`"}`)
	if cookie.Name != "__Host-orderflow_operator" || !cookie.Secure || cookie.MaxAge > 12*3600 {
		t.Errorf("the cookie is %v", cookie)
	}
	response, _ := call(t, "POST", url+"/v1/x", "{}", "Cookie", cookie.Name+"="+cookie.Value, "Content-Type", sendsJSON,
		"Origin", "https://console.example")
	if response.StatusCode != 200 {
		t.Errorf("the console's own page was refused: %d", response.StatusCode)
	}
}
