package httpserver

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// host refuses requests that name a host this listener is not for; see Options.CheckHost.
func (s *Server) host() gin.HandlerFunc {
	listens, _, _ := net.SplitHostPort(s.options.Addr)
	local := loopback(listens)
	return func(c *gin.Context) {
		if !s.options.CheckHost || !local && len(s.options.Hosts) == 0 {
			return
		}
		name := hostname(c.Request.Host)
		listed := func(h string) bool { return strings.EqualFold(h, name) }
		if local && loopback(name) || s.options.Proxied != "" && listed(s.options.Proxied) ||
			slices.ContainsFunc(s.options.Hosts, listed) {
			return
		}
		WriteProblem(c, NewProblem(http.StatusMisdirectedRequest, "foreign-host",
			"this listener is not for the host that the request names; --ops-hosts or --console-url allow others"))
	}
}

// hostname is a Host header without its port, and without the brackets of an IPv6 address.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func loopback(name string) bool {
	addr, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
