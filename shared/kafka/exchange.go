package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
)

// anyBroker routes a request to any broker that answers.
const anyBroker = int32(-1)

// maxResponse bounds the announced length of a response, before memory is allocated for it.
const maxResponse = 256 << 20

// exchange sends one request to one broker on a connection of its own from kafka-go's pool, so that a long poll delays
// nothing else.
func (c *Client) exchange(ctx context.Context, broker int32, request protocol.Message) (protocol.Message, error) {
	response, err := c.transport.RoundTrip(ctx, c.addr, &message{
		Message: request, broker: broker, id: c.exchanges.Add(1), client: c.config.ClientID,
	})
	switch {
	case err == nil, errors.Is(err, context.Canceled):
	case broken(err):
		c.reconnect()
	default:
		c.refresh()
	}
	return response, err
}

// message bypasses kafka-go's own routing (which looks up a transaction coordinator for idempotent producers, and splits
// or rejects requests by its own cache of leaders) and its decoding of fetched records, which allocates several times per
// header.
type message struct {
	protocol.Message
	broker  int32
	id      int32
	client  string
	version int16
}

func (m *message) Broker(protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: m.broker}, nil
}

func (m *message) Required(versions map[protocol.ApiKey]int16) bool {
	m.version = versions[m.ApiKey()]
	return true
}

func (m *message) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if m.ApiKey() == protocol.Fetch && m.version != fetchVersion {
		return nil, fmt.Errorf("the broker speaks fetch version %d, not %d; use Kafka 2.4 or newer", m.version, fetchVersion)
	}
	if err := protocol.WriteRequest(rw, m.version, m.id, m.client, m.Message); err != nil {
		return nil, err
	}
	if m.ApiKey() == protocol.Fetch {
		return m.readBytes(rw)
	}
	id, response, err := protocol.ReadResponse(rw, m.ApiKey(), m.version)
	if err != nil {
		return nil, err
	}
	return response, m.matches(id)
}

func (m *message) matches(id int32) error {
	if id != m.id {
		return fmt.Errorf("kafka answered request %d instead of %d", id, m.id)
	}
	return nil
}

// fetchResponse is the undecoded body of a fetch response.
type fetchResponse struct{ body []byte }

func (fetchResponse) ApiKey() protocol.ApiKey { return protocol.Fetch }

func (m *message) readBytes(r io.Reader) (protocol.Message, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[:])) - 4
	if size < 0 || size > maxResponse {
		return nil, fmt.Errorf("kafka announced a response of %d bytes", size)
	}
	if err := m.matches(int32(binary.BigEndian.Uint32(head[4:]))); err != nil {
		return nil, err
	}
	body := make([]byte, size)
	_, err := io.ReadFull(r, body)
	return fetchResponse{body}, err
}
