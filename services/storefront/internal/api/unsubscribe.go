package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
)

// UnsubscribePath is where the link of a promotion leads. Its token is for httpserver.AudienceUnsubscribe.
const UnsubscribePath = "/v1/unsubscribe"

type unsubscribeInput struct {
	Token string `query:"token" required:"true" minLength:"1" maxLength:"2000" doc:"As in the link"`
}

type htmlPage struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// RegisterUnsubscribe adds the routes of a promotion's link, which need no login: the link is signed.
func RegisterUnsubscribe(api huma.API, c Customers, auth *httpserver.Auth) {
	of := func(in *unsubscribeInput) (string, error) {
		customer, err := auth.Verify(in.Token, httpserver.AudienceUnsubscribe)
		if err != nil {
			return "", httpserver.NotFound("this link is not valid any more: change your preferences instead")
		}
		return customer, nil
	}
	op := huma.Operation{Path: UnsubscribePath, Tags: []string{"Preferences"},
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {Description: "A page",
			Content: map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}
	ask, do := op, op
	ask.OperationID, ask.Method, ask.Summary = "ask-unsubscribe", http.MethodGet, "Show the page that a promotion's link leads to"
	ask.Description = "Changes nothing: programs that look at mail follow links."
	do.OperationID, do.Method, do.Summary = "unsubscribe", http.MethodPost, "Take no more promotions"
	do.Description = "As RFC 8058 has it: one POST, without login, cookies or questions. Messages about orders go on."
	huma.Register(api, ask, func(_ context.Context, in *unsubscribeInput) (*htmlPage, error) {
		if _, err := of(in); err != nil {
			return nil, err
		}
		return pageOf(`<p>You get our promotions. Messages about your orders go on either way.</p>` +
			`<form method="post"><button>Unsubscribe</button></form>`), nil
	})
	huma.Register(api, do, func(ctx context.Context, in *unsubscribeInput) (*htmlPage, error) {
		customer, err := of(in)
		if err != nil {
			return nil, err
		}
		if _, err := submitted(ctx, c, customer, storefront.Unsubscribe.Of(storefront.NoPromotions{})); err != nil {
			return nil, err
		}
		return pageOf(`<p>You get no more promotions. Messages about your orders go on.</p>`), nil
	})
}

func pageOf(content string) *htmlPage {
	return &htmlPage{ContentType: "text/html; charset=utf-8", Policy: "default-src 'none'; form-action 'self'",
		Body: []byte(`<!doctype html><html lang="en"><title>Promotions</title><body>` + content + `</body></html>`)}
}
