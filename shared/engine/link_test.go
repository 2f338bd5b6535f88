package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// link is everything between one process and the broker, or the database. Frozen, nothing passes, as if the process
// were stopped; cut, it is as if it had died.
type link struct {
	mu     sync.Mutex
	moved  *sync.Cond
	frozen bool
	cut    bool
	lose   atomic.Int32 // so many answers to COMMIT get lost, with their connections
	conns  map[net.Conn]bool
}

func newLink() *link {
	l := &link{conns: map[net.Conn]bool{}}
	l.moved = sync.NewCond(&l.mu)
	return l
}

var errCut = errors.New("the link is cut")

// pass waits while the link is frozen.
func (l *link) pass() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.frozen && !l.cut {
		l.moved.Wait()
	}
	if l.cut {
		return errCut
	}
	return nil
}

func (l *link) freeze(frozen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = frozen
	l.moved.Broadcast()
}

func (l *link) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	l.moved.Broadcast()
	for c := range l.conns {
		c.Close()
	}
}

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := l.pass(); err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return l.hold(c), nil
}

func (l *link) hold(c net.Conn) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = true
	return linked{c, l}
}

type linked struct {
	net.Conn
	l *link
}

func (c linked) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if passed := c.l.pass(); passed != nil {
		return 0, passed
	}
	return n, err
}

func (c linked) Write(b []byte) (int, error) {
	if err := c.l.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// withParameter is a database's URL with a setting of its sessions.
func withParameter(t *testing.T, database, name, value string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// through gives the address of a TCP forwarder to the database over this link.
func (l *link) through(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	server := u.Host
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := l.dial(context.Background(), "tcp", server)
			if err != nil {
				in.Close()
				continue
			}
			l.hold(in)
			l.copyBoth(in, out)
		}
	}()
	u.Host = listener.Addr().String()
	return u.String()
}

func (l *link) copyBoth(client, server net.Conn) {
	end := func() {
		client.Close()
		server.Close()
	}
	go func() {
		defer end()
		io.Copy(client, server)
	}()
	go func() {
		defer end()
		buffer := make([]byte, 64<<10)
		for {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			lost := bytes.Contains(buffer[:n], []byte("commit")) && l.lose.Add(-1) >= 0
			if lost {
				client.Close() // before the server can answer
			}
			if _, err := server.Write(buffer[:n]); err != nil || lost {
				time.Sleep(50 * time.Millisecond) // the server needs the connection until it has committed
				return
			}
		}
	}()
}
