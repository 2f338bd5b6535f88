package httpserver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

const (
	sessionCookie = "orderflow_operator"
	sessionTTL    = 12 * time.Hour
	loginTTL      = 2 * time.Minute
)

// Sessions let an operator's browser sign in. A cookie that scripts cannot read stands for the token: it has an audience of
// its own, so it is worth nothing as a bearer. It counts for /v1/ and /session only, and changes nothing for pages of other
// origins: the other ports of a host are the same site, so SameSite alone would let them.
type Sessions struct {
	auth   *Auth
	name   string
	secure bool
	cross  *http.CrossOriginProtection
	began  time.Time

	mu    sync.Mutex
	spent map[string]time.Time // ids of used codes and ended sessions, until they would have expired
}

// AcceptSessions makes requests count that have the cookie of a session, where an operator's token would. With a consoleURL of
// https, where a proxy ends TLS, browsers send the cookie over TLS only.
func (a *Auth) AcceptSessions(consoleURL string) (*Sessions, error) {
	s := &Sessions{auth: a, name: sessionCookie, cross: http.NewCrossOriginProtection(),
		began: time.Now().Truncate(time.Second), spent: map[string]time.Time{}}
	if consoleURL != "" {
		u, err := url.Parse(consoleURL)
		if err != nil {
			return nil, fmt.Errorf("httpserver: the console's URL: %w", err)
		}
		if err := s.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("httpserver: the console's URL: %w", err)
		}
		if s.secure = u.Scheme == "https"; s.secure {
			s.name = "__Host-" + sessionCookie
		}
	}
	a.sessions = s
	return s, nil
}

// SignInLink is a link that opens the console at this URL signed in, once, within two minutes. The code is in the fragment,
// which browsers do not send: no log and no Referer has it.
func SignInLink(key []byte, consoleURL, subject string, scope Scope) (string, error) {
	code, err := MintScoped(key, AudienceConsoleLogin, subject, scope, loginTTL)
	return strings.TrimRight(consoleURL, "/") + "/sign-in#code=" + code, err
}

// SignIn is the body of POST /session: one of both.
type SignIn struct {
	Token string `json:"token,omitempty" maxLength:"4096" doc:"An operator's token"`
	Code  string `json:"code,omitempty" maxLength:"4096" doc:"The code of a link, good once"`
}

// Session tells who is signed in.
type Session struct {
	SignedIn  bool       `json:"signed_in"`
	Subject   string     `json:"subject,omitempty"`
	Scope     Scope      `json:"scope,omitempty" doc:"read: nothing may be changed; without it, all"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// Open serves POST /session: it sets the cookie for a token or a code.
func (s *Sessions) Open(c *gin.Context) {
	var body SignIn
	p := s.sameOrigin(c)
	if p == nil {
		p = DecodeJSON(c, &body)
	}
	if p == nil && (body.Token == "") == (body.Code == "") {
		p = Invalid(Fault{Detail: "want either token or code", Location: "body"})
	}
	if p != nil {
		WriteProblem(c, p)
		return
	}
	who, p := s.admit(body)
	if p != nil {
		WriteProblem(c, p)
		return
	}
	ttl := sessionTTL
	if body.Token != "" {
		ttl = min(ttl, time.Until(who.ExpiresAt.Time))
	}
	value, err := MintScoped(s.auth.key, AudienceConsole, who.Subject, who.Scope, ttl)
	if err != nil {
		_ = c.Error(err)
		WriteProblem(c, Internal())
		return
	}
	s.set(c, value, int(ttl.Seconds()))
}

func (s *Sessions) admit(body SignIn) (claims, *Problem) {
	if body.Token != "" {
		who, err := s.auth.verify(body.Token, AudienceOperators)
		if err != nil {
			return who, invalidToken(err, "body.token")
		}
		return who, nil
	}
	who, err := s.auth.verify(body.Code, AudienceConsoleLogin)
	again := "; `orderflow token --operator --link` prints another"
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return who, NewProblem(http.StatusUnauthorized, "unauthorized", "the link has expired"+again)
	case err != nil:
		return who, NewProblem(http.StatusUnauthorized, "unauthorized", "the link is not one of this installation"+again)
	case who.IssuedAt == nil || who.IssuedAt.Before(s.began): // what was used before a restart is not known any more
		return who, NewProblem(http.StatusUnauthorized, "unauthorized", "the link is older than this process"+again)
	case !s.spend(who):
		return who, NewProblem(http.StatusUnauthorized, "unauthorized", "the link was used already"+again)
	}
	return who, nil
}

// Show serves GET /session. Nobody being signed in is no error.
func (s *Sessions) Show(c *gin.Context) {
	answer := Session{}
	if who, err := s.read(c.Request); err == nil {
		answer = Session{SignedIn: true, Subject: who.Subject, Scope: who.Scope, ExpiresAt: &who.ExpiresAt.Time}
	}
	c.JSON(http.StatusOK, answer)
}

// Close serves DELETE /session. The cookie is worth nothing from then on, also a copy of it.
func (s *Sessions) Close(c *gin.Context) {
	if p := s.sameOrigin(c); p != nil {
		WriteProblem(c, p)
		return
	}
	if who, err := s.read(c.Request); err == nil {
		s.spend(who)
	}
	s.set(c, "", -1)
}

func (s *Sessions) set(c *gin.Context, value string, seconds int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: s.name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true,
		Secure: s.secure, SameSite: http.SameSiteStrictMode})
	c.Status(http.StatusNoContent)
}

// has tells whether the request has a cookie that counts on its route.
func (s *Sessions) has(r *http.Request) bool {
	_, err := r.Cookie(s.name)
	return err == nil && strings.HasPrefix(r.URL.Path, "/v1/")
}

var errEnded = errors.New("the session has ended")

func (s *Sessions) read(r *http.Request) (claims, error) {
	cookie, err := r.Cookie(s.name)
	if err != nil {
		return claims{}, err
	}
	who, err := s.auth.verify(cookie.Value, AudienceConsole)
	if err == nil && s.isSpent(who.ID) {
		err = errEnded
	}
	return who, err
}

func (s *Sessions) authenticate(c *gin.Context) (claims, *Problem) {
	who, err := s.read(c.Request)
	if err != nil {
		c.Header("WWW-Authenticate", `Bearer realm="orderflow", error="invalid_token"`)
		return who, NewProblem(http.StatusUnauthorized, "unauthorized", "the session has ended: sign in again")
	}
	return who, s.sameOrigin(c)
}

// sameOrigin refuses changes that a page of another origin asks for, and bodies that such a page could send as a form.
func (s *Sessions) sameOrigin(c *gin.Context) *Problem {
	if safe(c.Request.Method) {
		return nil
	}
	if err := s.cross.Check(c.Request); err != nil {
		return NewProblem(http.StatusForbidden, "cross-origin", "a page of another origin may not do this")
	}
	if c.Request.ContentLength != 0 && !IsJSON(c.GetHeader("Content-Type")) {
		return NewProblem(http.StatusUnsupportedMediaType, "media-type", "send the body as application/json")
	}
	return nil
}

// spend tells whether the id had not been spent before.
func (s *Sessions) spend(who claims) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for id, until := range s.spent {
		if until.Before(now) {
			delete(s.spent, id)
		}
	}
	_, was := s.spent[who.ID]
	s.spent[who.ID] = who.ExpiresAt.Time
	return !was
}

func (s *Sessions) isSpent(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, is := s.spent[id]
	return is
}
