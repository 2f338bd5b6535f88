// Package shop is the shop's page on the customers' listener: a client of the customers' API like any other, to try it with and
// to copy from.
package shop

import (
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

//go:embed web
var files embed.FS

// Register adds the page, and where nobody pays or is paid in truth a way in for new customers.
func Register(engine *gin.Engine, p *service.Parts) error {
	web, err := fs.Sub(files, "web")
	if err != nil {
		return err
	}
	pages, err := httpserver.NewStatic(web)
	if err != nil {
		return err
	}
	if err := pages.Serve(engine, "index.html", []string{"/shop"}); err != nil {
		return err
	}
	if listens, _, err := net.SplitHostPort(p.Config.HTTPAddr); err != nil || !loopback(listens) ||
		!service.WithSimulatedGateway(p.Config) {
		return nil
	}
	key, err := p.Config.Key()
	if err != nil {
		return err
	}
	engine.POST("/shop/session", func(c *gin.Context) { open(c, key) })
	return nil
}

// Session is what a new customer is given.
type Session struct {
	Token     string    `json:"token"`
	Customer  string    `json:"customer"`
	ExpiresAt time.Time `json:"expires_at"`
}

const lasts = 12 * time.Hour

// open lets a new customer in. The request names this machine, so no page elsewhere reads the token under a name of its own.
func open(c *gin.Context, key []byte) {
	host := c.Request.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !loopback(host) {
		httpserver.WriteProblem(c, httpserver.NotFound("new customers are let in on this machine only"))
		return
	}
	if c.Request.ContentLength != 0 {
		httpserver.WriteProblem(c, httpserver.Malformed(httpserver.Fault{Detail: "want none", Location: "body"}))
		return
	}
	s := Session{Customer: "guest-" + uuid.NewString(), ExpiresAt: time.Now().Add(lasts).UTC()}
	token, err := httpserver.Mint(key, httpserver.AudienceCustomers, s.Customer, lasts)
	if err != nil {
		_ = c.Error(err)
		httpserver.WriteProblem(c, httpserver.Unavailable())
		return
	}
	s.Token = token
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, s)
}

func loopback(name string) bool {
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
