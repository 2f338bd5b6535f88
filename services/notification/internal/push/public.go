package push

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"orderflow.example/shared/outside"
)

// timeout is for the whole answer to one request.
const timeout = 10 * time.Second

// errPrivate keeps customers, who choose the endpoints, from reaching what only this machine can.
var errPrivate = errors.New("the push service is not on the public Internet")

// Public is an HTTP client that reaches the public Internet alone, whatever names resolve to.
func Public() *http.Client {
	c := outside.HTTP(timeout)
	dialer := net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr().Unmap()) {
			return errPrivate
		}
		return nil
	}}
	transport := c.Transport.(*http.Transport)
	transport.DialContext, transport.Proxy = dialer.DialContext, nil
	return c
}

// carriers is what carriers use behind their translation of addresses (RFC 6598).
var carriers = netip.MustParsePrefix("100.64.0.0/10")

func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !carriers.Contains(ip)
}

// unsent tells whether certainly nothing was sent: there was no connection, or not with the push service.
func unsent(err error) bool {
	var failed *net.OpError
	var stranger *tls.CertificateVerificationError
	return errors.As(err, &failed) && failed.Op == "dial" || errors.As(err, &stranger)
}
