package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// layout holds the leaders of partitions, from kafka-go's cache.
type layout struct{ topics []metadata.ResponseTopic }

func (c *Client) layout(ctx context.Context, topics []string) (layout, error) {
	response, err := c.transport.RoundTrip(ctx, c.addr, &metadata.Request{TopicNames: topics})
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			c.refresh()
		}
		return layout{}, fmt.Errorf("ask kafka for the leaders of its partitions: %w", err)
	}
	return layout{response.(*metadata.Response).Topics}, nil
}

func (l layout) leader(topic string, partition int) (int32, error) {
	for i := range l.topics {
		t := &l.topics[i]
		if t.Name != topic {
			continue
		}
		if t.ErrorCode != 0 {
			return anyBroker, fmt.Errorf("topic %s: %w", topic, kafkago.Error(t.ErrorCode))
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			if int(p.PartitionIndex) != partition {
				continue
			}
			if p.LeaderID < 0 {
				return anyBroker, fmt.Errorf("topic %s partition %d: %w", topic, partition, kafkago.LeaderNotAvailable)
			}
			return p.LeaderID, nil
		}
	}
	return anyBroker, fmt.Errorf("topic %s partition %d: %w", topic, partition, kafkago.UnknownTopicOrPartition)
}

// refresh makes kafka-go ask for the leaders again, in the background. Connections stay open, since the partitions of
// other leaders use them. If the broker does not answer, another is asked on new connections.
func (c *Client) refresh() {
	if !c.due(&c.refreshed) {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(c.ctx, refreshTimeout)
		defer cancel()
		_, err := c.transport.RoundTrip(ctx, c.addr, refreshRequest{})
		if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			c.reconnect()
		}
	}()
}

// reconnect drops the idle connections and the known leaders: each connection to a broker that is gone would fail once.
func (c *Client) reconnect() {
	if c.due(&c.reconnected) {
		c.transport.CloseIdleConnections()
	}
}

// due tells whether the last action was long enough ago to be repeated, and sets its time to now if so.
func (c *Client) due(last *time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(*last) < refreshGap {
		return false
	}
	*last = time.Now()
	return true
}

// refreshRequest makes kafka-go ask for metadata, which it does by itself only now and then, and after it has created
// topics. So this request pretends to create topics.
type refreshRequest struct{}

func (refreshRequest) ApiKey() protocol.ApiKey { return protocol.CreateTopics }

func (refreshRequest) Required(map[protocol.ApiKey]int16) bool { return true }

func (refreshRequest) RawExchange(io.ReadWriter) (protocol.Message, error) {
	return &createtopics.Response{}, nil
}
