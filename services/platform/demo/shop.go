package demo

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"
)

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type address struct {
	Name     string `json:"name"`
	Line1    string `json:"line1"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

// item is a quantity of a product.
type item struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

type placing struct {
	Lines  []item  `json:"lines"`
	ShipTo address `json:"ship_to"`
	Email  string  `json:"email"`
	Token  string  `json:"payment_token"`
	Fill   string  `json:"fill_policy"`
}

// placed is the answer to an accepted order.
type placed struct {
	id       string
	total    int64
	replayed bool // it had been accepted before
	took     time.Duration
}

func (c *client) place(ctx context.Context, o *order, products []product) (p placed, err error) {
	token, err := c.as(c.names.subject(o.customer))
	if err != nil {
		return p, err
	}
	var answer struct {
		ID    string `json:"id"`
		Total money  `json:"total"`
	}
	header, took, err := c.ask(ctx, asked{method: http.MethodPost, url: c.storefront + "/v1/orders", token: token,
		key: c.names.orderKey(o), body: placing{items(o.lines, products), c.names.shipTo(o), c.names.email(o), o.card(), o.fill()}},
		&answer)
	return placed{answer.ID, answer.Total.Amount, header.Get("Idempotent-Replayed") == "true", took}, err
}

func items(lines []line, products []product) []item {
	all := make([]item, len(lines))
	for i, l := range lines {
		all[i] = item{products[l.sku].sku, l.quantity}
	}
	return all
}

// cancel requests the cancellation of an order.
func (c *client) cancel(ctx context.Context, one *cancellation, id string) error {
	token, err := c.as(c.names.subject(one.of.customer))
	if err != nil {
		return err
	}
	_, _, err = c.ask(ctx, asked{method: http.MethodPost, url: c.storefront + "/v1/orders/" + id + "/cancellation", token: token,
		key: c.names.cancellationKey(one), body: map[string]string{"reason": one.reason()}}, nil)
	return err
}

// view is an order as its customer reads it.
type view struct {
	Status  string `json:"status"`
	Lines   []item `json:"lines"`
	Returns []back `json:"returns"`
}

// back is a return, under way or arrived.
type back struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Lines  []item `json:"lines"`
}

func (c *client) view(ctx context.Context, o *order, id string) (v view, err error) {
	token, err := c.as(c.names.subject(o.customer))
	if err != nil {
		return v, err
	}
	_, _, err = c.ask(ctx, asked{method: http.MethodGet, url: c.storefront + "/v1/orders/" + id, token: token}, &v)
	return v, err
}

// sendBack requests a return.
func (c *client) sendBack(ctx context.Context, one *cancellation, id string, lines []item) error {
	token, err := c.as(c.names.subject(one.of.customer))
	if err != nil {
		return err
	}
	_, _, err = c.ask(ctx, asked{method: http.MethodPost, url: c.storefront + "/v1/orders/" + id + "/returns", token: token,
		key: c.names.returnKey(one), body: map[string]any{"lines": lines, "reason": one.reason()}}, nil)
	return err
}

// state is an order in the operators' list.
type state struct {
	ID          string     `json:"id"`
	Status      string     `json:"status"`
	Reason      string     `json:"reason"`
	Open        bool       `json:"open"`
	Ordered     money      `json:"ordered"`
	Payment     payment    `json:"payment"`
	PlacedAt    time.Time  `json:"placed_at"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	EndedAt     *time.Time `json:"ended_at"`
	Missing     []item     `json:"missing"`
	Parcels     int        `json:"parcels"`
	Lost        []item     `json:"lost"`
}

type payment struct {
	Authorized money `json:"authorized"`
	Captured   money `json:"captured"`
	Refunded   money `json:"refunded"`

	ChargedBack money `json:"charged_back"`
}

// states calls each for all orders of the platform, oldest first.
func (c *client) states(ctx context.Context, open bool, each func(state)) error {
	query := url.Values{"limit": {"1000"}}
	if open {
		query.Set("open", "true")
	}
	return pages(ctx, c, c.operators+"/v1/orders", query, c.operator, each)
}

// review is an order that waits for an operator.
type review struct {
	Order string `json:"order"`
}

func (c *client) reviews(ctx context.Context, each func(review)) error {
	return pages(ctx, c, c.operators+"/v1/reviews", url.Values{"limit": {"200"}}, c.operator, each)
}

func (c *client) decide(ctx context.Context, order string, approve bool) error {
	_, _, err := c.ask(ctx, asked{method: http.MethodPost, url: c.operators + "/v1/reviews/" + order, token: c.operator,
		key: c.names.key("review", order), body: map[string]bool{"approve": approve}}, nil)
	return err
}

// offer is a product as customers see it.
type offer struct {
	SKU       string `json:"sku"`
	Price     money  `json:"price"`
	Available int64  `json:"available"`
}

func (c *client) offers(ctx context.Context, each func(offer)) error {
	return pages(ctx, c, c.storefront+"/v1/products", url.Values{"limit": {"200"}}, "", each)
}

func pages[T any](ctx context.Context, c *client, address string, query url.Values, token string, each func(T)) error {
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next_cursor"`
		}
		if _, _, err := c.ask(ctx, asked{method: http.MethodGet, url: address + "?" + query.Encode(), token: token},
			&page); err != nil {
			return err
		}
		for _, one := range page.Items {
			each(one)
		}
		if page.Next == "" {
			return nil
		}
		query.Set("cursor", page.Next)
	}
}

type listing struct {
	SKU           string `json:"sku"`
	Description   string `json:"description"`
	Price         money  `json:"price"`
	Backorderable bool   `json:"backorderable"`
}

// listings counts products by what was new.
type listings struct {
	Listed    int `json:"listed"`
	Repriced  int `json:"repriced"`
	Unchanged int `json:"unchanged"`
}

// list puts products on sale.
func (c *client) list(ctx context.Context, products []product) (answer listings, err error) {
	body := struct {
		Items []listing `json:"items"`
	}{make([]listing, len(products))}
	for i, p := range products {
		body.Items[i] = listing{SKU: p.sku, Description: p.description, Price: money{p.price, cmp.Or(p.currency, "GBP")},
			Backorderable: p.backorderable}
	}
	_, _, err = c.ask(ctx, asked{method: http.MethodPost, url: c.operators + "/v1/products", token: c.operator, body: body}, &answer)
	return answer, err
}

type received struct {
	SKU       string `json:"sku"`
	Warehouse string `json:"warehouse"`
	Quantity  int64  `json:"quantity"`
	Unlisted  bool   `json:"unlisted,omitempty"`
}

// intake is the answer to a delivery, in items: those received now, and those received before with the same key.
type intake struct {
	Received int `json:"received"`
	Repeated int `json:"repeated"`
}

// receive receives goods. Before means that the answer is an earlier one.
func (c *client) receive(ctx context.Context, d delivery, products []product) (answer intake, before bool, err error) {
	body := struct {
		Items []received `json:"items"`
	}{make([]received, len(d.items))}
	for i, s := range d.items {
		body.Items[i] = received{products[s.sku].sku, s.warehouse, s.quantity, d.unlisted}
	}
	header, _, err := c.ask(ctx, asked{method: http.MethodPost, url: c.operators + "/v1/stock/receipts", token: c.operator,
		key: d.key, body: body}, &answer)
	return answer, header.Get("Idempotent-Replayed") == "true" || answer.Received == 0, err
}
