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
)

// The audiences of tokens. A token for one audience is not valid for the other.
const (
	AudienceCustomers = "orderflow-storefront"
	AudienceOperators = "orderflow-operators"

	// AudienceUnsubscribe is that of the links of promotions, whose subject is the customer.
	AudienceUnsubscribe = "orderflow-unsubscribe"
)

const issuer = "orderflow"

// Mint signs a token for subject, valid from now on for ttl. The key has at least 32 bytes.
func Mint(key []byte, audience, subject string, ttl time.Duration) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	if subject == "" {
		return "", errors.New("httpserver: a token needs a subject")
	}
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   subject,
		IssuedAt:  jwt.NewNumericDate(now),
		NotBefore: jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
	}).SignedString(key)
}

// Auth checks bearer tokens: HS256 and nothing else, issuer, audience, and both times required.
type Auth struct {
	key       []byte
	customers *limiter
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

// Verify checks a token and returns its subject.
func (a *Auth) Verify(token, audience string) (subject string, err error) {
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return a.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
	if err != nil {
		return "", err
	}
	if !visible(claims.Subject) || len(claims.Subject) > 128 || UnusableText(claims.Subject) != "" {
		return "", errSubject
	}
	return claims.Subject, nil
}

func (a *Auth) require(audience string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if p := a.Authenticate(c, audience); p != nil {
			WriteProblem(c, p)
			return
		}
		for _, param := range c.Params {
			if wrong := UnusableText(param.Value); wrong != "" { // no resource has such a name
				p := NotFound("there is no such resource")
				p.Errors = []Fault{{Detail: wrong, Location: "path." + param.Key}}
				WriteProblem(c, p)
				return
			}
		}
	}
}

// caller is the subject and audience of a request's token.
type caller struct{ subject, audience string }

// Authenticate puts the token's subject into the request's context, or returns the problem and sets WWW-Authenticate.
// Each request is checked, and counted, once.
func (a *Auth) Authenticate(c *gin.Context, audience string) *Problem {
	if known, ok := c.Request.Context().Value(subjectKey{}).(caller); ok && known.audience == audience {
		return nil
	}
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if c.GetHeader("Authorization") == "" {
		c.Header("WWW-Authenticate", `Bearer realm="orderflow"`)
		return NewProblem(http.StatusUnauthorized, "unauthorized", "this needs a bearer token in the Authorization header")
	}
	subject, err := "", errors.New("not a bearer token")
	if strings.EqualFold(scheme, "Bearer") {
		subject, err = a.Verify(strings.TrimSpace(token), audience)
	}
	if err != nil {
		c.Header("WWW-Authenticate", `Bearer realm="orderflow", error="invalid_token"`)
		detail := "the token is not valid here"
		if errors.Is(err, jwt.ErrTokenExpired) {
			detail = "the token has expired"
		}
		p := NewProblem(http.StatusUnauthorized, "unauthorized", detail)
		if errors.Is(err, errSubject) {
			p.Errors = []Fault{{
				Detail:   "want a sub of 1 to 128 bytes of text without control characters",
				Location: "header.Authorization.sub"}}
		}
		return p
	}
	if audience == AudienceCustomers {
		if p := a.customers.refuse(subject, time.Now()); p != nil {
			return p
		}
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), subjectKey{}, caller{subject, audience}))
	return nil
}

// Subject is the subject of the request's token, empty without one. For customers it is the customer's id.
func Subject(ctx context.Context) string {
	known, _ := ctx.Value(subjectKey{}).(caller)
	return known.subject
}
