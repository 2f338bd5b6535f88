package httpserver

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// limitAddresses applies Options.PerAddress to each address. The probes /healthz and /readyz are not limited.
func (s *Server) limitAddresses() gin.HandlerFunc {
	limit := newLimiter(s.options.PerAddress)
	return func(c *gin.Context) {
		if limit == nil || c.FullPath() == "/healthz" || c.FullPath() == "/readyz" {
			return
		}
		if p := limit.refuse(callerAddress(c.Request, s.options.TrustedProxies), time.Now()); p != nil {
			WriteProblem(c, p)
		}
	}
}

// callerAddress is the address a request comes from: the remote end of the connection, or, while that is a trusted proxy,
// the last address in X-Forwarded-For, over all its lines. Earlier entries may be forged. A host has a whole /64 of IPv6
// addresses.
func callerAddress(r *http.Request, trusted []netip.Prefix) string {
	end, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := plain(end.Addr())
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = plain(next)
	}
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}

func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
