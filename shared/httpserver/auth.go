package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// The audiences of tokens. A token for one audience is not valid for the other.
const (
	AudienceCustomers = "orderflow-storefront"
	AudienceOperators = "orderflow-operators"

	// AudienceConsole is that of the cookies of browsers in which an operator has signed in; they are no bearer tokens.
	AudienceConsole = "orderflow-console"
	// AudienceConsoleLogin is that of the codes in links that open the console, each good for one sign-in.
	AudienceConsoleLogin = "orderflow-console-login"

	// AudienceUnsubscribe is that of the links of promotions, whose subject is the customer.
	AudienceUnsubscribe = "orderflow-unsubscribe"
)

const issuer = "orderflow"

// Scope is what the bearer of an operator's token may do.
type Scope string

// The scopes. A token without one may change things, as those of customers may.
const (
	ReadWrite Scope = ""
	ReadOnly  Scope = "read"
)

type claims struct {
	jwt.RegisteredClaims
	Scope Scope `json:"scope,omitempty"`
}

// Mint signs a token for subject, valid from now on for ttl. The key has at least 32 bytes.
func Mint(key []byte, audience, subject string, ttl time.Duration) (string, error) {
	return MintScoped(key, audience, subject, ReadWrite, ttl)
}

// MintScoped is Mint for a token that may do no more than the scope says.
func MintScoped(key []byte, audience, subject string, scope Scope, ttl time.Duration) (string, error) {
	c := claims{Scope: scope}
	c.ID = uuid.NewString()
	return mint(key, audience, subject, time.Now(), ttl, c)
}

// MintDaily is Mint for the token of a link that is made whenever it is shown: those of one day are equal.
func MintDaily(key []byte, audience, subject string, ttl time.Duration) (string, error) {
	return mint(key, audience, subject, time.Now().UTC().Truncate(24*time.Hour), ttl, claims{})
}

func mint(key []byte, audience, subject string, now time.Time, ttl time.Duration, c claims) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	if subject == "" {
		return "", errors.New("httpserver: a token needs a subject")
	}
	c.Issuer, c.Audience, c.Subject = issuer, jwt.ClaimStrings{audience}, subject
	c.IssuedAt, c.NotBefore, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(ttl))
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(key)
}

// Auth checks bearer tokens: HS256 and nothing else, issuer, audience, and both times required.
type Auth struct {
	key       []byte
	customers *limiter
	sessions  *Sessions // nil: no cookie is accepted
}

// NewAuth returns an Auth for tokens signed with this key, of at least 32 bytes.
func NewAuth(key []byte) (*Auth, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return &Auth{key: key}, nil
}

// LimitCustomers limits each customer to so many requests in a second, in bursts of ten seconds' worth; 0 is no limit.
func (a *Auth) LimitCustomers(perSecond float64) { a.customers = newLimiter(perSecond) }

func checkKey(key []byte) error {
	if len(key) < 32 {
		return fmt.Errorf("httpserver: the token key has %d bytes; at least 32 are needed", len(key))
	}
	return nil
}

// RequireCustomer admits only requests with a customer's token. Handlers get the customer from Subject.
func (a *Auth) RequireCustomer() gin.HandlerFunc { return a.require(AudienceCustomers) }

// RequireOperator admits only requests with an operator's token.
func (a *Auth) RequireOperator() gin.HandlerFunc { return a.require(AudienceOperators) }

// errSubject is the fault of a validly signed token whose subject cannot be stored.
var errSubject = errors.New("no usable subject")

const wantSubject = "1 to 128 bytes of text without control characters"

// UsableSubject tells whether a token may have this subject.
func UsableSubject(s string) bool { return visible(s) && len(s) <= 128 && UnusableText(s) == "" }

// Verify checks a token and returns its subject.
func (a *Auth) Verify(token, audience string) (subject string, err error) {
	found, err := a.verify(token, audience)
	return found.Subject, err
}

func (a *Auth) verify(token, audience string) (found claims, err error) {
	_, err = jwt.ParseWithClaims(token, &found, func(*jwt.Token) (any, error) { return a.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
	if err != nil {
		return claims{}, err
	}
	if !UsableSubject(found.Subject) {
		return claims{}, errSubject
	}
	return found, nil
}

func (a *Auth) require(audience string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if p := a.Authenticate(c, audience); p != nil {
			WriteProblem(c, p)
			return
		}
		if p := unusableParam(c.Params); p != nil {
			WriteProblem(c, p)
		}
	}
}

// unusableParam is the problem of a path with a part that names no resource.
func unusableParam(params gin.Params) *Problem {
	for _, param := range params {
		if wrong := UnusableText(param.Value); wrong != "" {
			p := NotFound("there is no such resource")
			p.Errors = []Fault{{Detail: wrong, Location: "path." + param.Key}}
			return p
		}
	}
	return nil
}

// caller is the subject and audience of a request's token.
type caller struct{ subject, audience string }

// Authenticate puts the token's subject into the request's context, or returns the problem and sets WWW-Authenticate.
// Each request is checked, and counted, once.
func (a *Auth) Authenticate(c *gin.Context, audience string) *Problem {
	if known, ok := c.Request.Context().Value(subjectKey{}).(caller); ok && known.audience == audience {
		return nil
	}
	found, p := a.credentials(c, audience)
	if p != nil {
		return p
	}
	if found.Scope != ReadWrite && !safe(c.Request.Method) {
		return NewProblem(http.StatusForbidden, "read-only", "this token may only read: use one made without --read-only")
	}
	if audience == AudienceCustomers {
		if p := a.customers.refuse(found.Subject, time.Now()); p != nil {
			return p
		}
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), subjectKey{}, caller{found.Subject, audience}))
	return nil
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// credentials are those of the Authorization header, or without one those of an operator's cookie.
func (a *Auth) credentials(c *gin.Context, audience string) (found claims, p *Problem) {
	authorization := c.GetHeader("Authorization")
	if authorization == "" {
		if audience == AudienceOperators && a.sessions != nil && a.sessions.has(c.Request) {
			return a.sessions.authenticate(c)
		}
		c.Header("WWW-Authenticate", `Bearer realm="orderflow"`)
		return found, NewProblem(http.StatusUnauthorized, "unauthorized", "this needs a bearer token in the Authorization header")
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	err := errors.New("not a bearer token")
	if strings.EqualFold(scheme, "Bearer") {
		found, err = a.verify(strings.TrimSpace(token), audience)
	}
	if err != nil {
		c.Header("WWW-Authenticate", `Bearer realm="orderflow", error="invalid_token"`)
		return found, invalidToken(err, "header.Authorization")
	}
	return found, nil
}

// invalidToken is the problem of a token that does not count.
func invalidToken(err error, place string) *Problem {
	detail := "the token is not valid here"
	if errors.Is(err, jwt.ErrTokenExpired) {
		detail = "the token has expired"
	}
	p := NewProblem(http.StatusUnauthorized, "unauthorized", detail)
	if errors.Is(err, errSubject) {
		p.Errors = []Fault{{Location: place + ".sub", Detail: "want a sub of " + wantSubject}}
	}
	return p
}

// Subject is the subject of the request's token, empty without one. For customers it is the customer's id.
func Subject(ctx context.Context) string {
	known, _ := ctx.Value(subjectKey{}).(caller)
	return known.subject
}
